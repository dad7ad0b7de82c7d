//! The listings of `book/src/convolution-gradients.md` as a test.
listings::chapter!("convolution-gradients");
