//! The allocator of the service's component.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;

/// The size of the arena, in bytes. A prediction from two features allocates 2,800 in all, fifty of them
/// 40,000.
const SIZE: usize = 64 << 10;

/// The alignment of the arena, in bytes, and the largest in it.
const ALIGN: usize = 16;

/// Hands out its memory from the begin upwards and takes none back: the instance ends with its request,
/// and all of its memory with it. What does not fit is the standard library's, which takes memory back.
#[repr(C, align(16))]
pub struct Arena {
    memory: UnsafeCell<[MaybeUninit<u8>; SIZE]>,
    used: Cell<usize>,
}

// SAFETY: a component instance has one thread.
unsafe impl Sync for Arena {}

impl Arena {
    /// Makes an arena of which nothing is used.
    pub const fn new() -> Self {
        Self { memory: UnsafeCell::new([MaybeUninit::uninit(); SIZE]), used: Cell::new(0) }
    }

    /// Returns the place of a block in the arena; none if it is the standard library's.
    fn offset(&self, block: *mut u8) -> Option<usize> {
        let offset = block.addr().wrapping_sub(self.memory.get().addr());
        (offset < SIZE).then_some(offset)
    }
}

// SAFETY: every block of the arena lies behind the one before it, aligned as asked, and ends within it.
unsafe impl GlobalAlloc for Arena {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.used.get().next_multiple_of(layout.align());
        let end = start + layout.size();
        if end > SIZE || layout.align() > ALIGN {
            return unsafe { alloc_elsewhere(layout) };
        }
        self.used.set(end);
        unsafe { self.memory.get().cast::<u8>().add(start) }
    }

    // Inlined, it would be 13 KB more, and no faster.
    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.offset(block).is_none() {
            unsafe { System.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(start) = self.offset(block) else {
            return unsafe { System.realloc(block, layout, size) };
        };
        // The newest block grows where it is.
        let is_newest = start + layout.size() == self.used.get();
        if is_newest && size <= SIZE - start {
            self.used.set(start + size);
            return block;
        }
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
            }
            moved
        }
    }
}

/// Allocates what does not fit. Not inlined, so that what is inlined stays small.
#[cold]
#[inline(never)]
unsafe fn alloc_elsewhere(layout: Layout) -> *mut u8 {
    unsafe { System.alloc(layout) }
}
