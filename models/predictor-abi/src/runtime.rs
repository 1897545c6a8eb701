//! The runtime that a `no_std` component needs: an allocator and a panic handler.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::null_mut;

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: Cell::new(0) };

/// Hands out memory from the end of the linker's data upwards and takes none back: the instance
/// ends with its request, and all of its memory with it.
struct Bump {
    next: Cell<usize>,
}

// SAFETY: a component instance has one thread.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    /// The end of the linker's own data. Only the address means anything.
    static __heap_base: u8;
}

/// The address at which the heap begins. The importer writes the end of a model's data here.
#[unsafe(no_mangle)]
pub static HEAP_START: HeapStart = HeapStart(&raw const __heap_base);

#[repr(transparent)]
pub struct HeapStart(*const u8);

// SAFETY: nothing writes to it while the module runs.
unsafe impl Sync for HeapStart {}

/// Reads the address as it is in memory. The compiler must not take it for the one above.
fn heap_start() -> usize {
    // SAFETY: it is a static of that type.
    unsafe { (&raw const HEAP_START).cast::<usize>().read_volatile() }
}

/// Runs `work`, and takes back all memory that it allocated.
///
/// # Safety
///
/// Nothing that `work` allocated may be used after it.
pub unsafe fn scratch(work: impl FnOnce()) {
    let before = ALLOCATOR.next.get();
    work();
    ALLOCATOR.next.set(before);
}

const PAGE: usize = 64 * 1024;

// SAFETY: every block lies behind the one before it, aligned as asked, in memory that exists.
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

/// Grows the memory until it reaches to `end`.
fn reserve(end: usize) -> bool {
    let pages = end.div_ceil(PAGE);
    let present = core::arch::wasm32::memory_size(0);
    pages <= present || core::arch::wasm32::memory_grow(0, pages - present) != usize::MAX
}

/// The canonical ABI asks here for room for the values that the caller passes. It only ever asks
/// for new blocks: it writes lists and texts of known length.
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

/// Compares bytes, as texts are compared. A target with a C library would have it there.
///
/// # Safety
///
/// `length` bytes can be read at both places.
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
