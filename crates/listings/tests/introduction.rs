//! The listings of `book/src/introduction.md` as a test.
listings::chapter!("introduction");
