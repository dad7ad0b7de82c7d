//! The listings of `book/src/preprocessing.md` as a test.
listings::chapter!("preprocessing");
