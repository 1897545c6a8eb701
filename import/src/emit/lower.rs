//! Lowers the contract's values to a component's memory, by the canonical ABI:
//! <https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md>.
//!
//! Serde walks through a value, and the contract's text says the type and the offset of each part. A
//! list or a string is an address and a length; a variant is the number of its case, and the case's
//! content.

use anyhow::{Context, Result};
use serde::ser::{Impossible, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use std::fmt::Error;
use std::vec::IntoIter;
use wit_parser::{Int, Resolve, SizeAlign, Type, TypeDefKind};

/// The types of the contract, with their layouts.
pub struct Contract {
    types: Resolve,
    sizes: SizeAlign,
}

impl Contract {
    /// Reads the contract.
    ///
    /// # Errors
    ///
    /// If its text is invalid.
    pub fn read() -> Result<Self> {
        let mut types = Resolve::default();
        types.push_source("predictor.wit", predictor_contract::WIT)?;
        let mut sizes = SizeAlign::default();
        sizes.fill(&types);
        Ok(Self { types, sizes })
    }

    /// Returns the type of a function's result.
    fn result(&self, function: &str) -> Result<Type> {
        let mut interfaces = self.types.interfaces.iter();
        let found = interfaces.find_map(|(_, interface)| interface.functions.get(function));
        let result = found.and_then(|function| function.result);
        result.with_context(|| format!("the contract has no function {function}"))
    }

    /// Returns the definition of a type, behind its other names; none for a primitive type.
    fn definition(&self, kind: Type) -> Option<&TypeDefKind> {
        let Type::Id(id) = kind else { return None };
        match &self.types.types[id].kind {
            TypeDefKind::Type(own) => self.definition(*own),
            definition => Some(definition),
        }
    }

    fn size(&self, kind: Type) -> usize {
        self.sizes.size(&kind).size_wasm32()
    }

    fn align(&self, kind: Type) -> usize {
        self.sizes.align(&kind).align_wasm32()
    }

    /// Returns the type of a list's items.
    fn item(&self, kind: Type) -> Result<Type, Error> {
        match self.definition(kind) {
            Some(TypeDefKind::List(item)) => Ok(*item),
            _ => Err(Error),
        }
    }

    /// Returns the offset and the type of each field of a record.
    fn fields(&self, kind: Type) -> Result<Vec<(usize, Type)>, Error> {
        let Some(TypeDefKind::Record(record)) = self.definition(kind) else { return Err(Error) };
        let fields = self.sizes.field_offsets(record.fields.iter().map(|field| &field.ty));
        Ok(fields.into_iter().map(|(offset, kind)| (offset.size_wasm32(), *kind)).collect())
    }

    /// Returns the offset and the type of the content of a case.
    fn content(&self, kind: Type, case: u32) -> Result<(usize, Type), Error> {
        let cases: Vec<Option<Type>> = match self.definition(kind).ok_or(Error)? {
            TypeDefKind::Variant(variant) => variant.cases.iter().map(|case| case.ty).collect(),
            TypeDefKind::Option(some) => vec![None, Some(*some)],
            TypeDefKind::Result(result) => vec![result.ok, result.err],
            _ => return Err(Error),
        };
        let own = cases.get(case as usize).copied().flatten().ok_or(Error)?;
        // The number of the case takes a byte.
        let offset = self.sizes.payload_offset(Int::U8, cases.iter().map(Option::as_ref));
        Ok((offset.size_wasm32(), own))
    }
}

/// A part of a component's memory.
pub struct Image {
    /// The address of the first byte, a multiple of 16.
    pub base: u32,
    /// The content, from the address `base` on.
    pub bytes: Vec<u8>,
}

impl Image {
    /// Makes an empty part. `base` is a multiple of 16.
    pub fn at(base: u32) -> Self {
        Self { base, bytes: Vec::new() }
    }

    /// Returns the address after the last byte, rounded up to a multiple of 16.
    pub fn end(&self) -> u32 {
        self.address(self.bytes.len()).next_multiple_of(16)
    }

    /// Adds bytes, aligned to 16, and returns their address.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> u32 {
        let place = self.reserve(bytes.len(), 16);
        self.write(place, bytes);
        self.address(place)
    }

    /// Lowers the result of a function of the contract, and returns its address.
    ///
    /// # Errors
    ///
    /// If the value is of another type than the function's result.
    pub fn add<T: Serialize>(
        &mut self,
        contract: &Contract,
        function: &str,
        value: T,
    ) -> Result<u32> {
        let kind = contract.result(function)?;
        let place = self.reserve(contract.size(kind), contract.align(kind));
        let lower = Lower { image: self, contract, kind, place };
        value.serialize(lower).with_context(|| format!("the value is no result of {function}"))?;
        Ok(self.address(place))
    }

    fn address(&self, place: usize) -> u32 {
        self.base + place as u32
    }

    fn reserve(&mut self, size: usize, align: usize) -> usize {
        let place = self.bytes.len().next_multiple_of(align);
        self.bytes.resize(place + size, 0);
        place
    }

    fn write(&mut self, place: usize, bytes: &[u8]) {
        self.bytes[place..place + bytes.len()].copy_from_slice(bytes);
    }
}

/// Writes a value of the type `kind` to its reserved bytes, from the index `place` of the image on.
struct Lower<'i> {
    image: &'i mut Image,
    contract: &'i Contract,
    kind: Type,
    place: usize,
}

impl<'i> Lower<'i> {
    fn bytes(self, kind: Type, bytes: &[u8]) -> Result<(), Error> {
        if self.kind != kind {
            return Err(Error);
        }
        self.image.write(self.place, bytes);
        Ok(())
    }

    /// Writes the number of a case, without a content.
    fn number(self, case: u32) -> Result<(), Error> {
        self.image.write(self.place, &[case as u8]);
        Ok(())
    }

    fn case<T: Serialize + ?Sized>(self, case: u32, content: &T) -> Result<(), Error> {
        let (offset, kind) = self.contract.content(self.kind, case)?;
        self.image.write(self.place, &[case as u8]);
        content.serialize(Lower { kind, place: self.place + offset, ..self })
    }

    /// Writes the address and the length of a list from the index `start` of the image on.
    fn list(&mut self, start: usize, length: usize) {
        let words = [self.image.address(start), length as u32];
        self.image.write(self.place, words.map(u32::to_le_bytes).as_flattened());
    }

    fn parts(self, parts: Vec<(usize, Type)>) -> Parts<'i> {
        Parts { image: self.image, contract: self.contract, parts: parts.into_iter() }
    }
}

/// The parts of a record or a list still to write: their places and their types.
struct Parts<'i> {
    image: &'i mut Image,
    contract: &'i Contract,
    parts: IntoIter<(usize, Type)>,
}

impl Parts<'_> {
    fn next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let (place, kind) = self.parts.next().ok_or(Error)?;
        value.serialize(Lower { image: self.image, contract: self.contract, kind, place })
    }
}

impl SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.next(value)
    }

    fn end(mut self) -> Result<(), Error> {
        match self.parts.next() {
            None => Ok(()),
            Some(_) => Err(Error),
        }
    }
}

/// Implements methods for types of Rust that the contract has no values of.
macro_rules! refuse {
    ($($method:ident($($kind:ty),*) -> $result:ty;)*) => {
        $(fn $method(self, $(_: $kind),*) -> Result<$result, Error> { Err(Error) })*
    };
}

impl<'i> Serializer for Lower<'i> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'i>;
    type SerializeStruct = Parts<'i>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.bytes(Type::Bool, &[u8::from(value)])
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.bytes(Type::U32, &value.to_le_bytes())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.bytes(Type::F64, &value.to_le_bytes())
    }

    fn serialize_str(mut self, value: &str) -> Result<(), Error> {
        if self.kind != Type::String {
            return Err(Error);
        }
        let start = self.image.reserve(value.len(), 1);
        self.image.write(start, value.as_bytes());
        self.list(start, value.len());
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        match self.contract.definition(self.kind) {
            Some(TypeDefKind::Option(_)) => self.number(0),
            _ => Err(Error),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.case(1, value)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        case: u32,
        _: &'static str,
    ) -> Result<(), Error> {
        let is_case = match self.contract.definition(self.kind) {
            Some(TypeDefKind::Enum(own)) => (case as usize) < own.cases.len(),
            Some(TypeDefKind::Variant(own)) => {
                own.cases.get(case as usize).is_some_and(|case| case.ty.is_none())
            }
            _ => false,
        };
        if is_case { self.number(case) } else { Err(Error) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        case: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.case(case, value)
    }

    fn serialize_seq(mut self, length: Option<usize>) -> Result<Parts<'i>, Error> {
        let length = length.ok_or(Error)?;
        let kind = self.contract.item(self.kind)?;
        let size = self.contract.size(kind);
        let start = self.image.reserve(size * length, self.contract.align(kind));
        self.list(start, length);
        Ok(self.parts((0..length).map(|index| (start + index * size, kind)).collect()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'i>, Error> {
        let fields = self.contract.fields(self.kind)?.into_iter();
        let place = self.place;
        Ok(self.parts(fields.map(|(offset, kind)| (place + offset, kind)).collect()))
    }

    refuse! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use predictor_contract::{Refusal, RefusalReason, Signature, Statement, Value};

    #[test]
    fn a_text_is_an_address_and_a_length() {
        let mut image = Image::at(16);
        let (name, version) = ("risk".to_owned(), "v1".to_owned());
        let signature = Signature { name, version, features: Vec::new() };
        let address = image.add(&Contract::read().unwrap(), "get-signature", &signature);
        assert_eq!(address.unwrap(), 16);
        let words = [40, 4, 44, 2].map(u32::to_le_bytes);
        assert_eq!(image.bytes[..16], *words.as_flattened());
        assert_eq!(image.bytes[24..30], *b"riskv1");
    }

    #[test]
    fn a_variant_is_the_number_of_its_case_and_its_content() {
        let mut image = Image::at(0);
        let refusal = Refusal {
            reason: RefusalReason::Unanswerable,
            feature: Some(7),
            message: String::new(),
        };
        let refused: Result<Vec<Value>, Refusal> = Err(refusal);
        image.add(&Contract::read().unwrap(), "predict", [refused].as_slice()).unwrap();
        // The list, the case of the result, the reason, the case of the option, and its number.
        let start = [8_u32, 1, 1, 4, 1, 7].map(u32::to_le_bytes);
        assert_eq!(&image.bytes[..24], start.as_flattened());
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let contract = Contract::read().unwrap();
        let statement = Statement { attribute: String::new(), text: String::new() };
        let mut image = Image::at(0);
        for function in ["explain", "describe", "get-signature", "predict", "other"] {
            assert!(image.add(&contract, function, &statement).is_err(), "{function}");
            assert!(image.add(&contract, function, RefusalReason::Missing).is_err(), "{function}");
            assert!(image.add(&contract, function, None::<u32>).is_err(), "{function}");
        }
    }
}
