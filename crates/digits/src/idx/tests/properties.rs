//! Properties of all arrays and of all bytes.

use super::*;
use proptest::prelude::*;

/// Valid files of any element type, rank and dimensions, with any bytes as elements.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let dims = prop_oneof![
        prop::collection::vec(0u32..6, 1..5),
        prop::collection::vec(Just(1u32), 1..=255)
    ];
    (0..6usize, dims).prop_flat_map(|(element, dims)| {
        let element = ElementType::ALL[element];
        let bytes = dims.iter().product::<u32>() as usize * element.size();
        prop::collection::vec(any::<u8>(), bytes)
            .prop_map(move |elements| [header(element.code(), &dims), elements].concat())
    })
}

proptest! {
    #[test]
    fn a_parsed_file_is_written_back_byte_for_byte(bytes in any_file()) {
        let array = parse(&bytes).unwrap();
        prop_assert_eq!(array.elements.element_type().code(), bytes[2]);
        let mut written = Vec::new();
        write(&array, &mut written).unwrap();
        prop_assert_eq!(written, bytes);
    }

    #[test]
    fn a_written_array_is_parsed_back(
        u8s: Vec<u8>, i8s: Vec<i8>, i16s: Vec<i16>, i32s: Vec<i32>, f32s: Vec<f32>, f64s: Vec<f64>,
    ) {
        let all = [
            Elements::U8(u8s), Elements::I8(i8s), Elements::I16(i16s),
            Elements::I32(i32s), Elements::F32(f32s), Elements::F64(f64s),
        ];
        for elements in all {
            let array = IdxArray { dims: vec![1, elements.len(), 1], elements };
            let mut bytes = Vec::new();
            write(&array, &mut bytes).unwrap();
            prop_assert_eq!(parse(&bytes).unwrap(), array);
        }
    }

    #[test]
    fn every_truncation_and_every_extension_is_an_error(
        bytes in any_file(), cut: prop::sample::Index,
    ) {
        prop_assert!(parse(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(parse(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn the_parser_does_not_panic_for_any_bytes(
        mut bytes: Vec<u8>, element in 0u8..16, rank in 0u8..4,
    ) {
        let _ = parse(&bytes);
        bytes.splice(0..0, [0, 0, element, rank]);
        let _ = parse(&bytes);
    }
}
