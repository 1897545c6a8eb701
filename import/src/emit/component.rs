//! Makes a model's component: appends the model's program, signature and description to the memory
//! of the runner.

use crate::card::describe::Described;
use crate::emit::lower::{Contract, Image};
use anyhow::{Context, Result, ensure};
use std::convert::Infallible;
use wasm_encoder::reencode::{self, Error, Reencode, ReencodeComponent};
use wasm_encoder::{ConstExpr, DataSection, MemoryType};
use wasmparser::{DataSectionReader, ExternalKind, Operator, Parser, Payload};

/// The runner's exported static with the addresses of the model's parts.
const MODEL: &str = "IMPORTED_MODEL";
/// The runner's exported static with the address of the heap.
const HEAP: &str = "HEAP_START";

/// Room for the heap, in bytes. The memory need not grow in a usual request.
const HEAP_ROOM: u32 = 512 * 1024;
/// The size of a page of memory, in bytes.
const PAGE: u32 = 64 * 1024;

/// The name of the custom section with the component's stamp.
const STAMP: &str = "model-api-import";

/// Makes a component of the runner and a model.
///
/// `table` is the model's program, and `stamp` the hash of the component's sources.
///
/// # Errors
///
/// If the runner is no component with one module, or lacks one of the two exported statics.
pub fn build(runner: &[u8], described: &Described, table: &[u64], stamp: &str) -> Result<Vec<u8>> {
    let mut edit = Edit::of(runner, described, table)?;
    let mut component = wasm_encoder::Component::new();
    edit.parse_component(&mut component, Parser::new(0), runner)?;
    component.section(&wasm_encoder::CustomSection {
        name: STAMP.into(),
        data: stamp.as_bytes().into(),
    });
    Ok(component.finish())
}

/// Reads the stamp of a component; none if this importer did not make it.
pub fn stamp(component: &[u8]) -> Option<String> {
    let mut sections = Parser::new(0).parse_all(component).map_while(Result::ok);
    sections.find_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == STAMP => {
            Some(String::from_utf8_lossy(section.data()).into_owned())
        }
        _ => None,
    })
}

/// The parts of a module needed to edit it.
#[derive(Default)]
struct Layout {
    globals: Vec<u32>,
    exports: Vec<(String, u32)>,
    heap: u32,
}

impl Layout {
    fn read(module: &[u8]) -> Result<Self> {
        let mut layout = Self::default();
        let mut segments = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        layout.globals.push(constant(&global?.init_expr)?.unwrap_or_default());
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Global {
                            layout.exports.push((export.name.to_owned(), export.index));
                        }
                    }
                }
                Payload::DataSection(data) => {
                    for segment in data {
                        let segment = segment?;
                        if let wasmparser::DataKind::Active { offset_expr, .. } = &segment.kind {
                            let start = constant(offset_expr)?.unwrap_or_default();
                            segments.push((start, segment.data));
                        }
                    }
                }
                _ => {}
            }
        }
        layout.heap =
            word_at(&segments, layout.address(HEAP)?).context("the runner has no heap")?;
        Ok(layout)
    }

    /// Returns the address of an exported static.
    fn address(&self, name: &str) -> Result<u32> {
        let export = self.exports.iter().find(|(exported, _)| exported == name);
        let global = export.and_then(|(_, global)| self.globals.get(*global as usize));
        global.copied().with_context(|| format!("the runner has no {name}; build it anew"))
    }
}

/// Returns the value of a constant expression, if it is a single `i32.const`.
fn constant(expression: &wasmparser::ConstExpr) -> Result<Option<u32>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::I32Const { value } => Some(value as u32),
        _ => None,
    })
}

/// Returns the 32-bit word at an address, from the data segments.
fn word_at(segments: &[(u32, &[u8])], address: u32) -> Option<u32> {
    let (start, data) = segments
        .iter()
        .find(|(start, data)| (*start..*start + data.len() as u32).contains(&address))?;
    let word = data.get((address - start) as usize..)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

/// A change of the runner: a model after its data, and the statics set to the model's addresses.
struct Edit {
    /// The least number of the memory's pages.
    pages: u64,
    /// The data to add, with its addresses.
    segments: Vec<(u32, Vec<u8>)>,
}

impl Edit {
    fn of(runner: &[u8], described: &Described, table: &[u64]) -> Result<Self> {
        let layout = Layout::read(module(runner)?)?;
        let contract = Contract::read()?;
        // Each request reads the signature and the program, so put them first.
        let mut image = Image::at(layout.heap.next_multiple_of(16));
        let signature = image.add(&contract, "get-signature", &described.signature)?;
        let table_bytes: &[u8] = bytemuck::cast_slice(table);
        let table = image.add_bytes(table_bytes);
        let description = image.add(&contract, "describe", &described.description)?;
        let statics = [signature, description, table, table_bytes.len() as u32];
        let end = image.end();
        let segments = vec![
            (layout.address(MODEL)?, statics.map(u32::to_le_bytes).as_flattened().to_vec()),
            (layout.address(HEAP)?, end.to_le_bytes().to_vec()),
            (image.base, image.bytes),
        ];
        Ok(Self { pages: u64::from(end.saturating_add(HEAP_ROOM).div_ceil(PAGE)), segments })
    }
}

/// Returns the one module of the runner.
fn module(runner: &[u8]) -> Result<&[u8]> {
    let mut modules = Vec::new();
    for payload in Parser::new(0).parse_all(runner) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload? {
            modules.push(&runner[unchecked_range]);
        }
    }
    ensure!(modules.len() == 1, "the runner is no component with one module");
    Ok(modules[0])
}

impl Reencode for Edit {
    type Error = Infallible;

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<MemoryType, Error> {
        let memory = reencode::utils::memory_type(self, memory);
        Ok(MemoryType { minimum: self.pages.max(memory.minimum), ..memory })
    }

    fn data_count(&mut self, count: u32) -> Result<u32, Error> {
        Ok(count + self.segments.len() as u32)
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: DataSectionReader<'_>,
    ) -> Result<(), Error> {
        reencode::utils::parse_data_section(self, data, section)?;
        for (address, bytes) in &self.segments {
            data.active(0, &ConstExpr::i32_const(*address as i32), bytes.iter().copied());
        }
        Ok(())
    }
}

impl ReencodeComponent for Edit {}
