//! The listings of `book/src/data-set.md` as a test.
listings::chapter!("data-set");
