//! The listings of `book/src/first-network.md` as a test.
listings::chapter!("first-network");
