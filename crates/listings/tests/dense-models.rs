//! The listings of `book/src/dense-models.md` as a test.
listings::chapter!("dense-models");
