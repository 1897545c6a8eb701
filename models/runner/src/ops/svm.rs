//! Support vector machines, in the form of libsvm and `ai.onnx.ml`.

use crate::error::{Error, Result};
use crate::ops::elementwise::sigmoid_float;
use crate::tensor::{Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;

/// Computes the kernel of each row with each support vector: `[rows, vectors]`.
///
/// `x` is `[rows, columns]`, `vectors` is `[vectors, columns]`, and `parameters` are gamma, coef0
/// and degree; all are `float`. `kernel` is 0 for linear, 1 for polynomial, 2 for RBF, 3 for
/// sigmoid.
///
/// # Errors
///
/// If an input has the wrong type or shape, or the kernel is unknown.
pub fn kernel<'t>(
    x: &Tensor<'t>,
    vectors: &Tensor<'t>,
    parameters: &Tensor<'t>,
    kernel: i32,
) -> Result<Tensor<'t>> {
    let (&[rows, columns], &[count, width]) = (x.shape.dims(), vectors.shape.dims()) else {
        return Err(Error("takes rows of columns only"));
    };
    let &[gamma, coef0, degree] = parameters.as_floats()? else {
        return Err(Error("has another number of kernel parameters"));
    };
    if columns != width || columns == 0 {
        return Err(Error("has inputs whose shapes do not fit"));
    }
    let (x, vectors) = (x.as_floats()?, vectors.as_floats()?);
    let mut values = Vec::with_capacity(rows * count);
    for row in x.chunks_exact(columns) {
        for vector in vectors.chunks_exact(columns) {
            let pairs = row.iter().zip(vector).map(|(a, b)| (f64::from(*a), f64::from(*b)));
            let product = |pairs: &mut dyn Iterator<Item = (f64, f64)>| -> f64 {
                pairs.map(|(a, b)| a * b).sum()
            };
            let (gamma, coef0) = (f64::from(gamma), f64::from(coef0));
            let mut pairs = pairs;
            values.push(match kernel {
                0 => product(&mut pairs),
                1 => libm::pow(gamma * product(&mut pairs) + coef0, f64::from(degree)),
                2 => {
                    let distance: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
                    libm::exp(-gamma * distance)
                }
                3 => libm::tanh(gamma * product(&mut pairs) + coef0),
                _ => return Err(Error("has an unknown kernel")),
            } as f32);
        }
    }
    Tensor::float(Shape::new(&[rows, count])?, values)
}

/// Decides between each two classes: `[rows, pairs]`, positive for the first of the two.
///
/// `kernels` is `[rows, vectors]`, `coefficients` is `[classes - 1, vectors]` in libsvm's order,
/// and `rho` has one offset for each pair; all are `float`. `counts`, `int64`, has the number of
/// support vectors of each class.
///
/// # Errors
///
/// If an input has the wrong type, or the numbers of vectors and classes do not fit.
pub fn decisions<'t>(
    kernels: &Tensor<'t>,
    coefficients: &Tensor<'t>,
    rho: &Tensor<'t>,
    counts: &Tensor<'t>,
) -> Result<Tensor<'t>> {
    let &[rows, vectors] = kernels.shape.dims() else {
        return Err(Error("takes rows of columns only"));
    };
    let counts = counts.as_ints()?.iter().map(|count| *count as usize).collect::<Vec<_>>();
    let (classes, rho) = (counts.len(), rho.as_floats()?);
    let (kernels, coefficients) = (kernels.as_floats()?, coefficients.as_floats()?);
    let pairs = classes * classes.saturating_sub(1) / 2;
    let total = counts.iter().try_fold(0_usize, |sum, count| sum.checked_add(*count));
    if total != Some(vectors)
        || rho.len() < pairs
        || coefficients.len() < classes.saturating_sub(1) * vectors
    {
        return Err(Error("has another number of support vectors"));
    }
    let first = |class: usize| counts[..class].iter().sum::<usize>();
    let mut values = Vec::with_capacity(rows * pairs);
    for row in kernels.chunks_exact(vectors.max(1)) {
        let sum = |class: usize, against: usize| -> f64 {
            let (start, count) = (first(class), counts[class]);
            let coefficients = &coefficients[against * vectors + start..][..count];
            let kernels = &row[start..][..count];
            // Like onnxruntime: products in `float`, their sum in `double`.
            coefficients.iter().zip(kernels).map(|(c, k)| f64::from(c * k)).sum()
        };
        for a in 0..classes {
            for b in a + 1..classes {
                let decision = sum(a, b - 1) + sum(b, a) + f64::from(rho[values.len() % pairs]);
                values.push(decision as f32);
            }
        }
    }
    Tensor::float(Shape::new(&[rows, pairs])?, values)
}

/// Returns the numbers of rows, of classes, and of pairs of classes.
fn pairs(decisions: &Tensor, classes: i32) -> Result<(usize, usize, usize)> {
    let classes = usize::try_from(classes).ok().filter(|classes| (2..=1 << 16).contains(classes));
    let classes = classes.ok_or(Error("has another number of classes"))?;
    let pairs = classes * (classes - 1) / 2;
    match decisions.shape.dims() {
        [rows, columns] if *columns == pairs => Ok((*rows, classes, pairs)),
        _ => Err(Error("has another number of classes")),
    }
}

/// Counts the pairs won by each class: `[rows, classes]`, `int64`. `decisions` is `[rows, pairs]`,
/// `float`.
///
/// # Errors
///
/// If there are fewer than 2 or more than 65,536 classes, or another number of pairs.
pub fn votes<'t>(decisions: &Tensor<'t>, classes: i32) -> Result<Tensor<'t>> {
    let (rows, classes, pairs) = pairs(decisions, classes)?;
    let mut votes = vec![0; rows * classes];
    for (row, decisions) in decisions.as_floats()?.chunks(pairs).enumerate() {
        let all = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
        for ((a, b), decision) in all.zip(decisions) {
            votes[row * classes + if *decision > 0.0 { a } else { b }] += 1;
        }
    }
    Tensor::int(Shape::new(&[rows, classes])?, votes)
}

/// Estimates the probability of each class: `[rows, classes]`, `float`, from 0 to 1.
///
/// The method is libsvm's: Platt's scaling of each pair, coupled as in Wu, Lin and Weng,
/// "Probability estimates for multi-class classification by pairwise coupling" (2004). `decisions`
/// is `[rows, pairs]`; `scaling` has the slopes of all pairs, then their offsets. Both are `float`.
///
/// # Errors
///
/// If an input has the wrong type, or the numbers of classes, pairs and parameters do not fit.
pub fn probabilities<'t>(
    decisions: &Tensor<'t>,
    scaling: &Tensor<'t>,
    classes: i32,
) -> Result<Tensor<'t>> {
    let (rows, classes, pairs) = pairs(decisions, classes)?;
    let scaling = scaling.as_floats()?;
    if scaling.len() != 2 * pairs {
        return Err(Error("has another number of probability parameters"));
    }
    let (slopes, offsets) = scaling.split_at(pairs);
    let mut values = Vec::with_capacity(rows * classes);
    for decisions in decisions.as_floats()?.chunks(pairs) {
        let mut wins = vec![0.0; classes * classes];
        let all = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
        for (pair, ((a, b), decision)) in all.zip(decisions).enumerate() {
            let win = 1.0 - sigmoid_float(decision * slopes[pair] + offsets[pair]);
            let win = win.clamp(1e-7, 1.0 - 1e-7);
            (wins[a * classes + b], wins[b * classes + a]) = (win, 1.0 - win);
        }
        values.extend(couple(&wins, classes));
    }
    Tensor::float(Shape::new(&[rows, classes])?, values)
}

/// Finds the probabilities in best agreement with those of the pairs, by libsvm's iteration.
fn couple(wins: &[f32], classes: usize) -> Vec<f32> {
    // The quadratic form of the paper's equation 21.
    let mut q = vec![0.0; classes * classes];
    for a in 0..classes {
        for b in (0..classes).filter(|b| *b != a) {
            q[a * classes + a] += wins[b * classes + a] * wins[b * classes + a];
            q[a * classes + b] = -wins[b * classes + a] * wins[a * classes + b];
        }
    }
    let mut p = vec![1.0 / classes as f32; classes];
    for _ in 0..100 {
        let mut qp: Vec<f32> = (0..classes)
            .map(|a| q[a * classes..][..classes].iter().zip(&p).map(|(q, p)| q * p).sum())
            .collect();
        let mut pqp: f32 = p.iter().zip(&qp).map(|(p, qp)| p * qp).sum();
        let worst = qp.iter().map(|qp| libm::fabsf(qp - pqp)).fold(0.0, f32::max);
        if worst < 0.005 / classes as f32 {
            break;
        }
        for a in 0..classes {
            let step = (pqp - qp[a]) / q[a * classes + a];
            let scale = 1.0 + step;
            p[a] += step;
            pqp = (pqp + step * (step * q[a * classes + a] + 2.0 * qp[a])) / scale / scale;
            for b in 0..classes {
                qp[b] = (qp[b] + step * q[a * classes + b]) / scale;
                p[b] /= scale;
            }
        }
    }
    p
}
