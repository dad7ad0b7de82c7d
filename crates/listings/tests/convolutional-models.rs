//! The listings of `book/src/convolutional-models.md` as a test.
listings::chapter!("convolutional-models");
