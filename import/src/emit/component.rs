//! Makes a model's component: appends the model's program, signature and description to the memory
//! of the runner.

use crate::contract::{Description, Signature};
use crate::emit::layout::Image;
use anyhow::{Context, Result, bail};
use wasm_encoder::{
    ConstExpr, DataCountSection, DataSection, MemorySection, MemoryType, RawSection,
};
use wasmparser::{ExternalKind, Operator, Parser, Payload};

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
/// If the runner is no component, or lacks one of the two exported statics.
pub fn build(
    runner: &[u8],
    signature: &Signature,
    description: &Description,
    table: &[u64],
    stamp: &str,
) -> Result<Vec<u8>> {
    // Replace the module, and copy all other sections. Skip nested payloads: each was copied with
    // its outer section.
    let mut component = wasm_encoder::Component::new();
    let (mut is_replaced, mut depth) = (false, 0);
    for payload in Parser::new(0).parse_all(runner) {
        let payload = payload?;
        let is_nested = depth > 0;
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if is_nested => depth -= 1,
            _ => {}
        }
        if is_nested {
            continue;
        }
        if let Payload::ModuleSection { unchecked_range, .. } = payload {
            let module = &runner[unchecked_range];
            let module = with_model(module, signature, description, table)?;
            component.section(&RawSection { id: 1, data: &module });
            is_replaced = true;
        } else if let Some((id, range)) = payload.as_section() {
            component.section(&RawSection { id, data: &runner[range] });
        }
    }
    if !is_replaced {
        bail!("the runner is no component with a module");
    }
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
    memory: Option<MemoryType>,
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
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        layout.memory = Some(encoded(memory?));
                    }
                }
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

fn encoded(memory: wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        minimum: memory.initial,
        maximum: memory.maximum,
        memory64: memory.memory64,
        shared: memory.shared,
        page_size_log2: memory.page_size_log2,
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

/// Adds a model to a module, after its data, and sets the statics to the model's addresses.
fn with_model(
    module: &[u8],
    signature: &Signature,
    description: &Description,
    table: &[u64],
) -> Result<Vec<u8>> {
    let layout = Layout::read(module)?;
    // Each request reads the signature and the program, so put them first. The description comes
    // last.
    let mut image = Image::at(layout.heap.next_multiple_of(16));
    let signature = image.add(signature);
    let table_bytes: &[u8] = bytemuck::cast_slice(table);
    let table = image.add_bytes(table_bytes);
    let description = image.add(description);
    let statics = [signature, description, table, table_bytes.len() as u32];
    let end = image.end();
    let segments: [(u32, Vec<u8>); 3] = [
        (layout.address(MODEL)?, statics.iter().flat_map(|word| word.to_le_bytes()).collect()),
        (layout.address(HEAP)?, end.to_le_bytes().to_vec()),
        (image.base, image.bytes),
    ];
    let mut edited = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::MemorySection(_) => {
                let memory = layout.memory.context("the runner has no memory")?;
                let pages = u64::from(end.saturating_add(HEAP_ROOM).div_ceil(PAGE));
                let mut memories = MemorySection::new();
                memories.memory(MemoryType { minimum: pages.max(memory.minimum), ..memory });
                edited.section(&memories);
            }
            Payload::DataCountSection { count, .. } => {
                edited.section(&DataCountSection { count: count + segments.len() as u32 });
            }
            Payload::DataSection(data) => {
                let mut section = DataSection::new();
                for segment in data {
                    section.raw(&module[segment?.range]);
                }
                for (address, bytes) in &segments {
                    let offset = ConstExpr::i32_const(*address as i32);
                    section.active(0, &offset, bytes.iter().copied());
                }
                edited.section(&section);
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    edited.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    Ok(edited.finish())
}
