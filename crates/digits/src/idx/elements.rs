//! The six element types of IDX, and conversion of their vectors from and to big-endian bytes.

use byteorder::{BigEndian, ByteOrder};
use std::io::{self, Write};

/// The type of the elements of an array, with the code that IDX files use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ElementType {
    /// Unsigned byte, `08`.
    U8 = 0x08,
    /// Signed byte, `09`.
    I8 = 0x09,
    /// Signed two-byte integer, `0b`.
    I16 = 0x0b,
    /// Signed four-byte integer, `0c`.
    I32 = 0x0c,
    /// Four-byte IEEE 754 floating-point number, `0d`.
    F32 = 0x0d,
    /// Eight-byte IEEE 754 floating-point number, `0e`.
    F64 = 0x0e,
}

impl ElementType {
    /// All element types, in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::U8,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::F32,
        Self::F64,
    ];

    /// The type with this code, byte 2 of a file; `None` if there is no such type.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.code() == code)
    }

    /// The code of the type, byte 2 of a file.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The size of an element, in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// The elements of an array, in row-major order.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the types")]
pub enum Elements {
    U8(Vec<u8>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Elements {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    pub fn element_type(&self) -> ElementType {
        match self {
            Self::U8(_) => ElementType::U8,
            Self::I8(_) => ElementType::I8,
            Self::I16(_) => ElementType::I16,
            Self::I32(_) => ElementType::I32,
            Self::F32(_) => ElementType::F32,
            Self::F64(_) => ElementType::F64,
        }
    }

    /// Converts big-endian `bytes`, a whole number of elements, to elements of type `element`.
    pub(super) fn decode(element: ElementType, bytes: Vec<u8>) -> Self {
        let n = bytes.len() / element.size();
        macro_rules! decode {
            ($variant:ident, $zero:expr, $read:ident) => {{
                let mut values = vec![$zero; n];
                BigEndian::$read(&bytes, &mut values);
                Self::$variant(values)
            }};
        }
        match element {
            ElementType::U8 => Self::U8(bytes),
            ElementType::I8 => Self::I8(bytes.into_iter().map(|byte| byte as i8).collect()),
            ElementType::I16 => decode!(I16, 0, read_i16_into),
            ElementType::I32 => decode!(I32, 0, read_i32_into),
            ElementType::F32 => decode!(F32, 0.0, read_f32_into),
            ElementType::F64 => decode!(F64, 0.0, read_f64_into),
        }
    }

    /// Writes the elements as big-endian bytes.
    pub(super) fn encode(&self, mut to: impl Write) -> io::Result<()> {
        macro_rules! encode {
            ($values:expr) => {{
                for value in $values {
                    to.write_all(&value.to_be_bytes())?;
                }
                Ok(())
            }};
        }
        match self {
            Self::U8(v) => to.write_all(v),
            Self::I8(v) => encode!(v),
            Self::I16(v) => encode!(v),
            Self::I32(v) => encode!(v),
            Self::F32(v) => encode!(v),
            Self::F64(v) => encode!(v),
        }
    }
}
