//! The listings of `book/src/convolution.md` as a test.
listings::chapter!("convolution");
