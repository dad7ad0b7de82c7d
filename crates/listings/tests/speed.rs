//! The listings of `book/src/speed.md` as a test.
listings::chapter!("speed");
