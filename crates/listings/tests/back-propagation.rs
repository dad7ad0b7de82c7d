//! The listings of `book/src/back-propagation.md` as a test.
listings::chapter!("back-propagation");
