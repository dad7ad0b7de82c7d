//! The listings of `book/src/neurons.md` as a test.
listings::chapter!("neurons");
