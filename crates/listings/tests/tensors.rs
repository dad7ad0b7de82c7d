//! The listings of `book/src/tensors.md` as a test.
listings::chapter!("tensors");
