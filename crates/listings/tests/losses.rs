//! The listings of `book/src/losses.md` as a test.
listings::chapter!("losses");
