//! Reads the tensors of the file.

use super::proto::{TensorProto, data_type};
use crate::ir::graph::keep;
use anyhow::{Result, anyhow, bail, ensure};
use model_runner::tensor::{Data, Shape, Tensor};

/// Reads a tensor. Small integers become `int64`.
///
/// # Errors
///
/// If its type is not supported, if its values are in another file, or if their number does not fit
/// its shape.
pub fn read(proto: &TensorProto) -> Result<Tensor<'static>> {
    let name = &proto.name;
    ensure!(
        proto.data_location == 0,
        "tensor {name:?} is in another file; save the model as one, in PyTorch with \
         torch.onnx.export(…, external_data=False)"
    );
    let dims =
        proto.dims.iter().map(|length| usize::try_from(*length)).collect::<Result<Vec<_>, _>>();
    let dims = dims.map_err(|_| anyhow!("tensor {name:?} has a negative dimension"))?;
    let shape = Shape::new(&dims).map_err(|error| anyhow!("tensor {name:?} {error}"))?;
    let data = match proto.data_type {
        data_type::FLOAT => Data::Float(match &proto.raw_data[..] {
            [] => proto.float_data.clone().into(),
            raw => numbers(raw, f32::from_le_bytes).into(),
        }),
        data_type::DOUBLE => Data::Double(match &proto.raw_data[..] {
            [] => proto.double_data.clone().into(),
            raw => numbers(raw, f64::from_le_bytes).into(),
        }),
        data_type::BOOL => Data::Bool(match &proto.raw_data[..] {
            [] => proto.int32_data.iter().map(|value| *value != 0).collect(),
            raw => raw.iter().map(|value| *value != 0).collect(),
        }),
        data_type::STRING => {
            let texts = proto.string_data.iter().map(|bytes| text(bytes).map(|text| keep(&text)));
            Data::Text(texts.collect::<Result<Vec<_>>>()?.into())
        }
        _ => Data::Int(integers(proto)?.into()),
    };
    Tensor::new(shape, data).map_err(|error| anyhow!("tensor {name:?} {error}"))
}

fn integers(proto: &TensorProto) -> Result<Vec<i64>> {
    let raw = &proto.raw_data[..];
    if raw.is_empty() {
        return Ok(match proto.data_type {
            data_type::INT64 => proto.int64_data.clone(),
            _ => proto.int32_data.iter().map(|value| i64::from(*value)).collect(),
        });
    }
    Ok(match proto.data_type {
        data_type::INT64 | data_type::UINT64 => numbers(raw, i64::from_le_bytes),
        data_type::INT32 => numbers(raw, |bytes| i64::from(i32::from_le_bytes(bytes))),
        data_type::UINT32 => numbers(raw, |bytes| i64::from(u32::from_le_bytes(bytes))),
        data_type::INT16 => numbers(raw, |bytes| i64::from(i16::from_le_bytes(bytes))),
        data_type::UINT16 => numbers(raw, |bytes| i64::from(u16::from_le_bytes(bytes))),
        data_type::INT8 => raw.iter().map(|byte| i64::from(*byte as i8)).collect(),
        data_type::UINT8 => raw.iter().map(|byte| i64::from(*byte)).collect(),
        other => bail!(
            "tensor {:?} is of type {other}; float, double, integers, bool and string \
                        are supported",
            proto.name
        ),
    })
}

fn numbers<const N: usize, T>(raw: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.as_chunks().0.iter().map(|bytes| read(*bytes)).collect()
}

/// Decodes a string of the file, from UTF-8.
///
/// # Errors
///
/// If it is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| anyhow!("a text of the file is not UTF-8"))
}
