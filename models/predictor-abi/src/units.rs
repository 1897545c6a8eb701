//! Other units of common laboratory values, for [`Input::or_in`](crate::Input::or_in).
//!
//! Between mass and amount of substance, the factor is from the molar mass, in the rounding that
//! laboratories use.

use crate::types::OtherUnit;

/// Cholesterol and its fractions in mmol/L, for a feature in mg/dL: 0.02586 mmol/L is 1 mg/dL (386.65
/// g/mol).
pub const CHOLESTEROL: OtherUnit = OtherUnit::new("mmol/L", 1.0 / 0.02586, 0.0);

/// Creatinine in µmol/L, for a feature in mg/dL: 88.4 µmol/L is 1 mg/dL (113.12 g/mol).
pub const CREATININE: OtherUnit = OtherUnit::new("umol/L", 1.0 / 88.4, 0.0);

/// Bilirubin in µmol/L, for a feature in mg/dL: 17.1 µmol/L is 1 mg/dL (584.66 g/mol).
pub const BILIRUBIN: OtherUnit = OtherUnit::new("umol/L", 1.0 / 17.1, 0.0);

/// Albumin in g/L, for a feature in g/dL.
pub const ALBUMIN: OtherUnit = OtherUnit::new("g/L", 0.1, 0.0);

/// Glycated haemoglobin in mmol/mol (IFCC), for a feature in percent (NGSP): the master equation of both
/// networks, <https://ngsp.org/ifccngsp.asp>.
pub const HBA1C: OtherUnit = OtherUnit::new("mmol/mol", 0.09148, 2.152);

/// Albumin to creatinine in urine in mg/mmol, for a feature in mg/g: the molar mass of creatinine is
/// 113.12 g/mol.
pub const UACR: OtherUnit = OtherUnit::new("mg/mmol", 1000.0 / 113.12, 0.0);
