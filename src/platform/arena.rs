//! The allocator of a component that serves one request.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;

/// Size of an arena in bytes. A prediction from two features allocates 2,800 bytes in all, a batch
/// of fifty 40,000. The initial memory of an instance holds the arena, the stack and the linker's
/// data; 38 KB of it are left for the standard library's allocator.
const SIZE: usize = 64 << 10;

/// Hands out its memory from the start upwards and takes no block back: the instance ends with its
/// request, and all of its memory with it. A block too large for the arena comes from the standard
/// library's allocator and goes back to it.
#[repr(align(16))]
pub struct Arena {
    memory: UnsafeCell<[MaybeUninit<u8>; SIZE]>,
    /// Number of bytes handed out.
    used: Cell<usize>,
}

// SAFETY: a component instance has one thread.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Arena {}

impl Arena {
    /// Makes an empty arena.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { memory: UnsafeCell::new([MaybeUninit::uninit(); SIZE]), used: Cell::new(0) }
    }

    /// Returns the offset of a block in the arena; none for a block of the standard library.
    fn offset(&self, block: *mut u8) -> Option<usize> {
        let offset = block.addr().wrapping_sub(self.memory.get().addr());
        (offset < SIZE).then_some(offset)
    }
}

// SAFETY: blocks do not overlap: each begins after all blocks in use, and only the newest one
// changes `used`. A block outside of the arena is the standard library's, and goes back to it.
unsafe impl GlobalAlloc for Arena {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.used.get().next_multiple_of(layout.align());
        if layout.align() > align_of::<Self>() || layout.size() > SIZE - start {
            // SAFETY: `alloc_elsewhere` asks the same of its caller as this function.
            return unsafe { alloc_elsewhere(layout) };
        }
        self.used.set(start + layout.size());
        // SAFETY: the block ends within the arena.
        unsafe { self.memory.get().cast::<u8>().add(start) }
    }

    // Inlining it would add 13 KB, and would not be faster.
    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.offset(block).is_none() {
            // SAFETY: the block came from `System`.
            unsafe { System.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(start) = self.offset(block) else {
            // SAFETY: the block came from `System`.
            return unsafe { System.realloc(block, layout, size) };
        };
        // The newest block grows or shrinks in place; any other block shrinks in place.
        let is_newest = start + layout.size() == self.used.get();
        if is_newest && size <= SIZE - start {
            self.used.set(start + size);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // Move it.
        // SAFETY: the caller promises a size valid for a layout; a new block overlaps no other.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size());
            }
            moved
        }
    }
}

/// Allocates a block from the standard library. Not inlined, to keep the inlined `alloc` small.
#[cold]
#[inline(never)]
unsafe fn alloc_elsewhere(layout: Layout) -> *mut u8 {
    // SAFETY: `System` asks the same of its caller as this function.
    unsafe { System.alloc(layout) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// Allocates a block and fills it with a byte.
    fn filled(arena: &Arena, layout: Layout, byte: u8) -> *mut u8 {
        unsafe {
            let block = arena.alloc(layout);
            block.write_bytes(byte, layout.size());
            block
        }
    }

    fn bytes<'a>(block: *mut u8, size: usize) -> &'a [u8] {
        unsafe { std::slice::from_raw_parts(block, size) }
    }

    #[test]
    fn blocks_are_aligned_and_do_not_overlap() {
        let arena = Arena::new();
        let layouts = [layout(3, 1), layout(8, 8), layout(1, 1), layout(40, 16), layout(5, 2)];
        let blocks = layouts.map(|layout| filled(&arena, layout, layout.size() as u8));
        for (block, layout) in blocks.into_iter().zip(layouts) {
            assert_eq!(block.addr() % layout.align(), 0);
            assert!(arena.offset(block).is_some());
            assert!(bytes(block, layout.size()).iter().all(|byte| *byte == layout.size() as u8));
        }
    }

    #[test]
    fn the_newest_block_grows_and_shrinks_where_it_is() {
        let arena = Arena::new();
        let block = filled(&arena, layout(10, 1), 1);
        unsafe {
            assert_eq!(arena.realloc(block, layout(10, 1), SIZE), block);
            assert_eq!(arena.realloc(block, layout(SIZE, 1), 4), block);
        }
        assert_eq!(arena.offset(filled(&arena, layout(1, 1), 2)), Some(4));
        assert_eq!(bytes(block, 4), [1; 4]);
    }

    #[test]
    fn another_block_shrinks_where_it_is_and_moves_to_grow() {
        let arena = Arena::new();
        let block = filled(&arena, layout(10, 1), 1);
        let newer = filled(&arena, layout(10, 1), 2);
        unsafe {
            assert_eq!(arena.realloc(block, layout(10, 1), 5), block);
            let moved = arena.realloc(block, layout(5, 1), 20);
            assert!(arena.offset(moved) >= Some(20));
            assert_eq!(bytes(moved, 5), [1; 5]);
        }
        assert_eq!(bytes(newer, 10), [2; 10]);
    }

    #[test]
    fn what_does_not_fit_is_the_standard_librarys() {
        let arena = Arena::new();
        let first = filled(&arena, layout(8, 8), 1);
        let rest = filled(&arena, layout(SIZE - 8, 8), 2);
        assert!(arena.offset(rest).is_some());
        unsafe {
            for layout in [layout(1, 1), layout(SIZE + 1, 1), layout(usize::MAX >> 2, 1)] {
                let block = arena.alloc(layout);
                assert_eq!(arena.offset(block), None);
                arena.dealloc(block, layout);
            }
            let moved = arena.realloc(first, layout(8, 8), 16);
            assert_eq!((arena.offset(moved), bytes(moved, 8)), (None, &[1; 8][..]));
            let moved = arena.realloc(moved, layout(16, 8), 4_000);
            assert_eq!(bytes(moved, 8), [1; 8]);
            arena.dealloc(moved, layout(4_000, 8));
        }
    }

    #[test]
    fn a_block_of_a_larger_alignment_is_the_standard_librarys() {
        let (arena, layout) = (Arena::new(), layout(64, 4_096));
        let block = filled(&arena, layout, 1);
        assert_eq!((arena.offset(block), block.addr() % 4_096), (None, 0));
        unsafe { arena.dealloc(block, layout) };
    }
}
