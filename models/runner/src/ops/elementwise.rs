//! Operators on single values: each value of the result depends on one value of each input.

use crate::error::{Error, Result};
use crate::op::Op;
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec::Vec;

/// Applies a function of one number. The result has the shape and the type of `x`: `float`,
/// `double`, or for Abs, Neg, Relu and Sign also `int64`.
///
/// # Errors
///
/// If the operator does not take the type of `x`.
pub fn unary<'t>(op: Op, x: &Tensor<'t>) -> Result<Tensor<'t>> {
    match &x.data {
        Data::Float(values) => {
            let function = float_function(op)?;
            Tensor::float(x.shape, values.iter().map(|value| function(*value)).collect())
        }
        Data::Double(values) => {
            let function = double_function(op)?;
            Tensor::double(x.shape, values.iter().map(|value| function(*value)).collect())
        }
        Data::Int(values) => {
            let function = int_function(op)?;
            Tensor::int(x.shape, values.iter().map(|value| function(*value)).collect())
        }
        _ => Err(Error("takes numbers only")),
    }
}

fn float_function(op: Op) -> Result<fn(f32) -> f32> {
    Ok(match op {
        Op::Abs => libm::fabsf,
        Op::Ceil => libm::ceilf,
        Op::Cos => libm::cosf,
        Op::Erf => libm::erff,
        Op::Exp => libm::expf,
        Op::Floor => libm::floorf,
        Op::Log => libm::logf,
        Op::Neg => |x| -x,
        Op::Reciprocal => |x| 1.0 / x,
        Op::Relu => |x| if x < 0.0 { 0.0 } else { x },
        Op::Round => libm::rintf,
        Op::Sigmoid => sigmoid_float,
        Op::Sign => |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
        Op::Sin => libm::sinf,
        Op::Softplus => |x| libm::log1pf(libm::expf(-libm::fabsf(x))) + x.max(0.0),
        Op::Sqrt => libm::sqrtf,
        Op::Tanh => libm::tanhf,
        _ => return Err(Error("takes no float")),
    })
}

fn double_function(op: Op) -> Result<fn(f64) -> f64> {
    Ok(match op {
        Op::Abs => libm::fabs,
        Op::Ceil => libm::ceil,
        Op::Cos => libm::cos,
        Op::Erf => libm::erf,
        Op::Exp => libm::exp,
        Op::Floor => libm::floor,
        Op::Log => libm::log,
        Op::Neg => |x| -x,
        Op::Reciprocal => |x| 1.0 / x,
        Op::Relu => |x| if x < 0.0 { 0.0 } else { x },
        Op::Round => libm::rint,
        Op::Sigmoid => sigmoid,
        Op::Sign => |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
        Op::Sin => libm::sin,
        Op::Softplus => |x| libm::log1p(libm::exp(-libm::fabs(x))) + x.max(0.0),
        Op::Sqrt => libm::sqrt,
        Op::Tanh => libm::tanh,
        _ => return Err(Error("takes no double")),
    })
}

fn int_function(op: Op) -> Result<fn(i64) -> i64> {
    Ok(match op {
        Op::Abs => i64::wrapping_abs,
        Op::Neg => i64::wrapping_neg,
        Op::Relu => |x| x.max(0),
        Op::Sign => i64::signum,
        _ => return Err(Error("takes no int64")),
    })
}

/// Computes 1 / (1 + e^-x), from 0 to 1, without an overflow for any `x`.
pub fn sigmoid_float(x: f32) -> f32 {
    let value = 1.0 / (1.0 + libm::expf(-libm::fabsf(x)));
    if x < 0.0 { 1.0 - value } else { value }
}

/// Computes 1 / (1 + e^-x), from 0 to 1, without an overflow for any `x`.
pub fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { libm::exp(x) / (1.0 + libm::exp(x)) } else { 1.0 / (1.0 + libm::exp(-x)) }
}

/// Computes with two tensors of one type, `float`, `double` or `int64`, stretched to a common
/// shape. Integer sums, differences and products wrap on overflow; an undefined integer quotient is
/// 0. Pow takes no `int64` base, but an exponent of any number type.
///
/// # Errors
///
/// If the types differ, the operator does not take them, or the shapes do not fit.
pub fn arithmetic<'t>(op: Op, a: &Tensor<'t>, b: &Tensor<'t>) -> Result<Tensor<'t>> {
    let shape = a.shape.broadcast(&b.shape)?;
    let shapes = (&shape, &a.shape, &b.shape);
    match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => {
            let function: fn(f32, f32) -> f32 = match op {
                Op::Add => |a, b| a + b,
                Op::Sub => |a, b| a - b,
                Op::Mul => |a, b| a * b,
                Op::Div => |a, b| a / b,
                Op::Pow => libm::powf,
                Op::Max => |a, b| if a > b || a.is_nan() { a } else { b },
                Op::Min => |a, b| if a < b || a.is_nan() { a } else { b },
                Op::Mod => libm::fmodf,
                _ => return Err(Error("takes no float")),
            };
            Tensor::float(shape, zip(shapes, a, b, function))
        }
        (Data::Double(a), Data::Double(b)) => {
            let function: fn(f64, f64) -> f64 = match op {
                Op::Add => |a, b| a + b,
                Op::Sub => |a, b| a - b,
                Op::Mul => |a, b| a * b,
                Op::Div => |a, b| a / b,
                Op::Pow => libm::pow,
                Op::Max => |a, b| if a > b || a.is_nan() { a } else { b },
                Op::Min => |a, b| if a < b || a.is_nan() { a } else { b },
                Op::Mod => libm::fmod,
                _ => return Err(Error("takes no double")),
            };
            Tensor::double(shape, zip(shapes, a, b, function))
        }
        (Data::Int(a), Data::Int(b)) => {
            let function: fn(i64, i64) -> i64 = match op {
                Op::Add => i64::wrapping_add,
                Op::Sub => i64::wrapping_sub,
                Op::Mul => i64::wrapping_mul,
                // An undefined quotient must not stop the instance.
                Op::Div => |a, b| a.checked_div(b).unwrap_or(0),
                Op::Mod => remainder,
                Op::Max => i64::max,
                Op::Min => i64::min,
                _ => return Err(Error("takes no int64")),
            };
            Tensor::int(shape, zip(shapes, a, b, function))
        }
        // The exponent may be of another type than the base.
        (_, Data::Double(_) | Data::Float(_) | Data::Int(_)) if op == Op::Pow => {
            arithmetic(op, a, &cast_like(b, a)?)
        }
        _ => Err(Error("has inputs of different types")),
    }
}

fn cast_like<'t>(x: &Tensor<'t>, like: &Tensor<'t>) -> Result<Tensor<'t>> {
    match &like.data {
        Data::Float(_) => cast(Kind::Float, x),
        Data::Double(_) => cast(Kind::Double, x),
        _ => Err(Error("takes no such base")),
    }
}

/// Compares two tensors of one type, stretched to a common shape. The result is `bool`.
///
/// # Errors
///
/// If the types differ or the shapes do not fit.
pub fn compare<'t>(op: Op, a: &Tensor<'t>, b: &Tensor<'t>) -> Result<Tensor<'t>> {
    let shape = a.shape.broadcast(&b.shape)?;
    let shapes = (&shape, &a.shape, &b.shape);
    let values = match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => zip(shapes, a, b, comparison(op)?),
        (Data::Double(a), Data::Double(b)) => zip(shapes, a, b, comparison(op)?),
        (Data::Int(a), Data::Int(b)) => zip(shapes, a, b, comparison(op)?),
        (Data::Bool(a), Data::Bool(b)) => zip(shapes, a, b, comparison(op)?),
        (Data::Text(a), Data::Text(b)) => zip(shapes, a, b, comparison(op)?),
        _ => return Err(Error("has inputs of different types")),
    };
    Tensor::bool(shape, values)
}

fn comparison<T: PartialOrd>(op: Op) -> Result<fn(T, T) -> bool> {
    Ok(match op {
        Op::Equal => |a, b| a == b,
        Op::Less => |a, b| a < b,
        Op::LessOrEqual => |a, b| a <= b,
        Op::Greater => |a, b| a > b,
        Op::GreaterOrEqual => |a, b| a >= b,
        _ => return Err(Error("is no comparison")),
    })
}

/// Computes And, Or or Xor of two `bool` tensors, stretched to a common shape.
///
/// # Errors
///
/// If an input is not `bool`, or the shapes do not fit.
pub fn logic<'t>(op: Op, a: &Tensor<'t>, b: &Tensor<'t>) -> Result<Tensor<'t>> {
    let shape = a.shape.broadcast(&b.shape)?;
    let function: fn(bool, bool) -> bool = match op {
        Op::And => |a, b| a && b,
        Op::Or => |a, b| a || b,
        _ => |a, b| a != b,
    };
    let values = zip((&shape, &a.shape, &b.shape), a.as_bools()?, b.as_bools()?, function);
    Tensor::bool(shape, values)
}

/// Inverts each value of a `bool` tensor.
///
/// # Errors
///
/// If `x` is not `bool`.
pub fn not<'t>(x: &Tensor<'t>) -> Result<Tensor<'t>> {
    Tensor::bool(x.shape, x.as_bools()?.iter().map(|value| !value).collect())
}

/// Tests each number: IsNaN for NaN, IsInf for an infinity of either sign. The result is `bool`, in
/// the shape of `x`.
///
/// # Errors
///
/// If `x` has no numbers.
pub fn is_nan<'t>(op: Op, x: &Tensor<'t>) -> Result<Tensor<'t>> {
    let asked: fn(&f64) -> bool =
        if op == Op::IsNaN { |x| x.is_nan() } else { |x| x.is_infinite() };
    Tensor::bool(x.shape, x.to_doubles()?.iter().map(asked).collect())
}

/// Picks from `a` if the condition is true, and from `b` otherwise. All three are stretched to a
/// common shape.
///
/// # Errors
///
/// If the condition is not `bool`, the types of `a` and `b` differ, or the shapes do not fit.
pub fn choose<'t>(condition: &Tensor<'t>, a: &Tensor<'t>, b: &Tensor<'t>) -> Result<Tensor<'t>> {
    let shape = condition.shape.broadcast(&a.shape)?.broadcast(&b.shape)?;
    let places = a.shape.places_in(&shape).zip(b.shape.places_in(&shape));
    let conditions = condition.as_bools()?;
    let choices = condition.shape.places_in(&shape).zip(places);
    let choices = choices.map(|(place, (a, b))| (conditions[place], a, b));
    match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => Tensor::float(shape, either(choices, a, b)),
        (Data::Double(a), Data::Double(b)) => Tensor::double(shape, either(choices, a, b)),
        (Data::Int(a), Data::Int(b)) => Tensor::int(shape, either(choices, a, b)),
        (Data::Bool(a), Data::Bool(b)) => Tensor::bool(shape, either(choices, a, b)),
        (Data::Text(a), Data::Text(b)) => {
            Tensor::new(shape, Data::Text(either(choices, a, b).into()))
        }
        _ => Err(Error("has inputs of different types")),
    }
}

fn either<T: Copy>(
    choices: impl Iterator<Item = (bool, usize, usize)>,
    a: &[T],
    b: &[T],
) -> Vec<T> {
    choices.map(|(first, at_a, at_b)| if first { a[at_a] } else { b[at_b] }).collect()
}

fn zip<T: Copy, R>(
    (shape, a_shape, b_shape): (&Shape, &Shape, &Shape),
    a: &[T],
    b: &[T],
    function: impl Fn(T, T) -> R,
) -> Vec<R> {
    if a_shape == b_shape {
        return a.iter().zip(b).map(|(a, b)| function(*a, *b)).collect();
    }
    let places = a_shape.places_in(shape).zip(b_shape.places_in(shape));
    places.map(|(at_a, at_b)| function(a[at_a], b[at_b])).collect()
}

/// The target types of a cast.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// `float`; attribute 0.
    Float,
    /// `double`; attribute 1.
    Double,
    /// `int64`; attribute 2.
    Int,
    /// `bool`; attribute 3.
    Bool,
}

impl Kind {
    /// Reads the attribute of [`Op::Cast`], from 0 to 3.
    ///
    /// # Errors
    ///
    /// If it is another number.
    pub fn from_attribute(value: i32) -> Result<Self> {
        Ok(match value {
            0 => Self::Float,
            1 => Self::Double,
            2 => Self::Int,
            3 => Self::Bool,
            _ => return Err(Error("casts to an unknown type")),
        })
    }
}

/// Converts numbers or booleans to another type. A conversion to `int64` cuts off the fraction, and
/// limits the number to the range of `int64`; NaN becomes 0. A conversion to `bool` is false for 0
/// only.
///
/// # Errors
///
/// If `x` has strings or records.
pub fn cast<'t>(kind: Kind, x: &Tensor<'t>) -> Result<Tensor<'t>> {
    // Big integers do not pass through a float.
    if let (Kind::Int, Data::Int(_)) = (kind, &x.data) {
        return Ok(x.clone());
    }
    let values = x.to_doubles()?;
    match kind {
        Kind::Float => Tensor::float(x.shape, values.iter().map(|value| *value as f32).collect()),
        Kind::Double => Tensor::double(x.shape, values.to_vec()),
        Kind::Int => Tensor::int(x.shape, values.iter().map(|value| *value as i64).collect()),
        Kind::Bool => Tensor::bool(x.shape, values.iter().map(|value| *value != 0.0).collect()),
    }
}

/// Returns the remainder of a division, with the sign of the divisor; 0 if the divisor is 0.
fn remainder(a: i64, b: i64) -> i64 {
    let rest = a.checked_rem(b).unwrap_or(0);
    if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
}
