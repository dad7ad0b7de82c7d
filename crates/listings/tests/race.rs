//! The listings of `book/src/race.md` as a test.
listings::chapter!("race");
