//! The evaluation of a program: runs each node in order, from the slots of its inputs to its own
//! slot.

use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::op::Op;
use crate::ops::structure;
use crate::run::NODE;
use crate::table::{Node, Nodes, Table};
use crate::tensor::{Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;

/// The reason for a missing answer, and the node at fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure {
    /// The output slot of the node; none if the program itself is broken.
    pub slot: Option<u32>,
    /// The reason.
    pub error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { slot: None, error }
    }
}

/// The values computed so far, by slot.
pub struct Slots<'t> {
    values: Vec<Option<Tensor<'t>>>,
    /// The size of all values set so far, in bytes, at eight bytes per value. A component frees
    /// none of them before the end of the block of rows.
    pub allocated: usize,
    /// The remaining memory and steps.
    pub budget: Budget,
}

impl<'t> Slots<'t> {
    /// Makes the slots of a program, and fills the first ones with its constants.
    ///
    /// # Errors
    ///
    /// If a constant is broken.
    pub fn with_constants(table: Table<'t>, budget: Budget) -> Result<Self> {
        let mut slots = vec![None; table.header.slots as usize];
        for (slot, constant) in slots.iter_mut().zip(table.constants()) {
            *slot = Some(constant?);
        }
        Ok(Self { values: slots, allocated: 0, budget })
    }

    /// Returns the value of a slot.
    ///
    /// # Errors
    ///
    /// If the slot is empty, or the program has no such slot.
    pub fn get(&self, slot: u32) -> Result<&Tensor<'t>> {
        get(&self.values, slot)
    }

    /// Sets the value of a slot, and takes its memory from the budget: eight bytes per value. A
    /// value replaced by it returns its memory.
    ///
    /// # Errors
    ///
    /// If the budget has too little memory, or the program has no such slot.
    pub fn set(&mut self, slot: u32, value: Tensor<'t>) -> Result<()> {
        self.allocated += value.bytes();
        self.budget.take_bytes(value.bytes())?;
        let place = self.values.get_mut(slot as usize).ok_or(Error("is a broken table"))?;
        if let Some(before) = place.replace(value) {
            self.budget.give_bytes(before.bytes());
        }
        Ok(())
    }

    /// Runs a node without a body.
    fn run(&mut self, node: &Node<'t>) -> Result<Tensor<'t>> {
        let Self { values, budget, .. } = self;
        // Most operators have few inputs: they need no list of their own.
        match *node.inputs {
            [a] => node.op.run(&[get(values, a)?], node.attributes, budget),
            [a, b] => node.op.run(&[get(values, a)?, get(values, b)?], node.attributes, budget),
            ref inputs => {
                let inputs = inputs.iter().map(|slot| get(values, *slot));
                node.op.run(&inputs.collect::<Result<Vec<_>>>()?, node.attributes, budget)
            }
        }
    }
}

fn get<'s, 't>(values: &'s [Option<Tensor<'t>>], slot: u32) -> Result<&'s Tensor<'t>> {
    values.get(slot as usize).and_then(Option::as_ref).ok_or(Error("lacks an input"))
}

/// Runs the nodes in order, and sets the slot of each output.
///
/// # Errors
///
/// If a node has no output: the failure of the first such node.
pub fn evaluate<'t>(
    table: Table<'t>,
    nodes: Nodes<'t>,
    slots: &mut Slots<'t>,
) -> core::result::Result<(), Failure> {
    for node in nodes {
        let node = node?;
        let at_node = |error| Failure { slot: Some(node.output), error };
        let output = match node.op {
            Op::Scan => scan(table, &node, slots).map_err(|failure| at_node(failure.error))?,
            _ => slots.run(&node).map_err(at_node)?,
        };
        slots.set(node.output, output).map_err(at_node)?;
    }
    Ok(())
}

/// Runs a body for each slice of an input, and stacks the outputs of the body.
///
/// The inputs are the states, and last the tensor to cut into slices along its first axis. The
/// attributes are the index of the body's first word, the number of its nodes, the slot of the
/// slice, the slot of the body's output, and for each state its slot before and its slot after a
/// run.
fn scan<'t>(
    table: Table<'t>,
    node: &Node<'t>,
    slots: &mut Slots<'t>,
) -> core::result::Result<Tensor<'t>, Failure> {
    let [place, count, slice_slot, output, states @ ..] = node.attributes else {
        return Err(Error("is a broken table").into());
    };
    let (sliced, first_states) = node.inputs.split_last().ok_or(Error("lacks an input"))?;
    let sliced = slots.get(*sliced)?.clone();
    // Set the states.
    for (from, pair) in first_states.iter().zip(states.chunks_exact(2)) {
        let state = slots.get(*from)?.clone();
        slots.set(pair[0] as u32, state)?;
    }
    // Run the body, and carry the states over.
    let length = sliced.shape.dims().first().copied().ok_or(Error("has no axis to scan"))?;
    slots.budget.take_steps(sliced.shape.size() as u64)?;
    let (mut outputs, mut taken) = (Vec::with_capacity(length), 0);
    for index in 0..length {
        slots.budget.take_steps(NODE)?;
        let index = Tensor::int(Shape::new(&[])?, vec![index as i64])?;
        slots.set(*slice_slot as u32, structure::gather(&sliced, &index, 0)?)?;
        evaluate(table, table.body(*place as u32, *count as u32), slots)?;
        let part = structure::unsqueeze(slots.get(*output as u32)?, &[0])?;
        // Room for the list, too: a part may have no values.
        let bytes = part.bytes() + size_of::<Tensor>();
        slots.budget.take_bytes(bytes)?;
        taken += bytes;
        outputs.push(part);
        for pair in states.chunks_exact(2) {
            let state = slots.get(pair[1] as u32)?.clone();
            slots.set(pair[0] as u32, state)?;
        }
    }
    slots.budget.give_bytes(taken);
    Ok(structure::concat(&outputs.iter().collect::<Vec<_>>(), 0)?)
}
