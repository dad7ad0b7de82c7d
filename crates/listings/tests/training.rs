//! The listings of `book/src/training.md` as a test.
listings::chapter!("training");
