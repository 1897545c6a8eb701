//! The runtime of a `no_std` component: an allocator and a panic handler.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::null_mut;

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: Cell::new(0) };

/// An allocator without a free list. It hands out memory upwards from the end of the linker's data,
/// and frees nothing: the instance ends with its request, and all its memory with it.
struct Bump {
    next: Cell<usize>,
}

// SAFETY: a component instance has one thread.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    /// The end of the linker's own data. Only its address has a meaning.
    static __heap_base: u8;
}

/// The address of the first byte of the heap. The importer writes the end of a model's data here.
#[unsafe(no_mangle)]
pub static HEAP_START: HeapStart = HeapStart(&raw const __heap_base);

/// An address in the component's memory, in bytes from its start.
#[repr(transparent)]
pub struct HeapStart(*const u8);

// SAFETY: nothing writes to it while the module runs.
unsafe impl Sync for HeapStart {}

/// Reads the address from memory. A volatile read keeps the compiler from assuming the initial
/// value.
fn heap_start() -> usize {
    // SAFETY: it is a static of that type.
    unsafe { (&raw const HEAP_START).cast::<usize>().read_volatile() }
}

/// Runs `work`, and frees all memory allocated by it.
///
/// # Safety
///
/// Nothing allocated by `work` may be used afterwards.
pub unsafe fn scratch(work: impl FnOnce()) {
    let before = ALLOCATOR.next.get();
    work();
    ALLOCATOR.next.set(before);
}

const PAGE: usize = 64 * 1024;

// SAFETY: every block starts after the one before it, aligned as asked, in existing memory.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let first = match self.next.get() {
            0 => heap_start(),
            next => next,
        };
        let start = first.next_multiple_of(layout.align());
        let end = start.saturating_add(layout.size());
        if !reserve(end) {
            return null_mut();
        }
        self.next.set(end);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// Grows the memory until it includes the address `end`. Returns false if the host refuses.
fn reserve(end: usize) -> bool {
    let pages = end.div_ceil(PAGE);
    let present = core::arch::wasm32::memory_size(0);
    pages <= present || core::arch::wasm32::memory_grow(0, pages - present) != usize::MAX
}

/// Allocates room for the values passed by the caller, as the canonical ABI demands. The caller
/// only asks for new blocks, since it writes lists and strings of known length.
#[unsafe(no_mangle)]
extern "C" fn cabi_realloc(_: *mut u8, old: usize, align: usize, new: usize) -> *mut u8 {
    let block = match Layout::from_size_align(new, align) {
        // SAFETY: the bump allocator takes a layout of any size.
        Ok(layout) if old == 0 => unsafe { ALLOCATOR.alloc(layout) },
        _ => null_mut(),
    };
    if block.is_null() {
        core::arch::wasm32::unreachable()
    }
    block
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// Compares bytes, for comparisons of strings. The C library of other targets has this function.
///
/// # Safety
///
/// At least `length` bytes must be readable at both addresses.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
    for index in 0..length {
        // SAFETY: both are within their bytes.
        let (a, b) = unsafe { (*a.add(index), *b.add(index)) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}
