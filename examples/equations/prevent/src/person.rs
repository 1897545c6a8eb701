//! A person: the inputs of the models, and the reading of a row.

use predictor_abi::Value::{self, Flag, Missing, Number, Text};
use predictor_abi::{Input, Refusal, text, units};

/// A person. HbA1c, uACR and SDI may be unknown.
#[derive(Clone, Debug)]
pub struct Person {
    /// Years.
    pub age: f64,
    /// True for a woman.
    pub is_female: bool,
    /// mg/dL.
    pub total_cholesterol: f64,
    /// mg/dL.
    pub hdl_cholesterol: f64,
    /// mmHg.
    pub systolic_pressure: f64,
    /// True with diabetes.
    pub has_diabetes: bool,
    /// True for a current smoker.
    pub smokes: bool,
    /// kg/m².
    pub bmi: f64,
    /// mL/min/1.73 m².
    pub egfr: f64,
    /// True with drugs against high blood pressure.
    pub takes_antihypertensives: bool,
    /// True with a statin.
    pub takes_statin: bool,
    /// Percent.
    pub hba1c: Option<f64>,
    /// mg/g.
    pub uacr: Option<f64>,
    /// 1 to 10.
    pub sdi_decile: Option<f64>,
}

const SEXES: &[predictor_abi::Text] = &[text("female"), text("male")];

/// The effect of a missing HbA1c, uACR or SDI.
const LEFT_OUT: &str =
    "The equations without it are used, or those with a term for people in whom it is unknown.";

/// The inputs, for people up to the age of `oldest`. The ranges are the published ones.
pub const fn inputs(oldest: f64) -> [Input; 14] {
    [
        Input::number("age", "Age.", "a", 30.0, oldest),
        Input::category("sex", "Sex. There are equations for women and for men.", SEXES),
        Input::number("total_cholesterol", "Total cholesterol.", "mg/dL", 130.0, 320.0)
            .or_in(&[units::CHOLESTEROL]),
        Input::number("hdl_cholesterol", "HDL cholesterol.", "mg/dL", 20.0, 100.0)
            .or_in(&[units::CHOLESTEROL]),
        Input::number("systolic_pressure", "Systolic blood pressure.", "mm[Hg]", 90.0, 180.0),
        Input::flag("diabetes", "Diabetes."),
        Input::flag("smoker", "Smoking at present."),
        Input::number("bmi", "Body mass index, below 40.", "kg/m2", 18.5, BMI_BOUND),
        Input::number(
            "egfr",
            "Estimated glomerular filtration rate, by CKD-EPI 2021.",
            "mL/min/{1.73_m2}",
            15.0,
            140.0,
        ),
        Input::flag("antihypertensives", "Drugs against high blood pressure."),
        Input::flag("statin", "A statin."),
        Input::number("hba1c", "Glycated haemoglobin.", "%", 4.5, 15.0)
            .or_in(&[units::HBA1C])
            .optional(LEFT_OUT),
        Input::number("uacr", "Albumin to creatinine in urine. Give the unit with a number in mg/mmol.", "mg/g", 0.1, 25_000.0)
            .or_in(&[units::UACR])
            .optional(LEFT_OUT),
        Input::number(
            "sdi_decile",
            "Social deprivation index of the place of living, in the United States, as a decile: 10 \
             is the most deprived.",
            "",
            1.0,
            10.0,
        )
        .whole()
        .optional(LEFT_OUT),
    ]
}

/// The index of the body mass index among the inputs.
const BMI: u32 = 7;

/// The open upper end of the body mass index.
const BMI_BOUND: f64 = 40.0;

/// The reference person of explanations: a woman of 50 years without any known risk.
pub static REFERENCE: [Value; 14] = [
    Number(50.0),
    Text(text("female")),
    Number(185.0),
    Number(55.0),
    Number(115.0),
    Flag(false),
    Flag(false),
    Number(24.0),
    Number(95.0),
    Flag(false),
    Flag(false),
    Missing,
    Missing,
    Missing,
];

impl Person {
    /// Reads a row in the order of the inputs.
    ///
    /// # Errors
    ///
    /// If a required value is missing, or the body mass index is 40 or more.
    pub fn of(row: &[Value]) -> Result<Self, Refusal> {
        let &[
            Number(age),
            Text(sex),
            Number(total_cholesterol),
            Number(hdl_cholesterol),
            Number(systolic_pressure),
            Flag(has_diabetes),
            Flag(smokes),
            Number(bmi),
            Number(egfr),
            Flag(takes_antihypertensives),
            Flag(takes_statin),
            hba1c,
            uacr,
            sdi_decile,
        ] = row
        else {
            return Err(Refusal::INCOMPLETE);
        };
        // The contract's range includes its upper end.
        if bmi >= BMI_BOUND {
            return Err(Refusal::out_of_range(BMI, "bmi must be from 18.5 to less than 40 kg/m2"));
        }
        Ok(Self {
            age,
            is_female: sex.as_str() == "female",
            total_cholesterol,
            hdl_cholesterol,
            systolic_pressure,
            has_diabetes,
            smokes,
            bmi,
            egfr,
            takes_antihypertensives,
            takes_statin,
            hba1c: number(hba1c),
            uacr: number(uacr),
            sdi_decile: number(sdi_decile),
        })
    }
}

fn number(value: Value) -> Option<f64> {
    if let Number(number) = value { Some(number) } else { None }
}
