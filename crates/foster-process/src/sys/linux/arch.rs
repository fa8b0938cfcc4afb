//! What each processor needs of its own: calls of the system that touch no memory of the C library's.
#![expect(
    unsafe_code,
    reason = "the way onto another stack, and calls without errno, are written in assembly"
)]

use std::ffi::c_void;

/// `struct clone_args` of Linux 5.7 (include/uapi/linux/sched.h).
#[repr(C, align(8))]
#[derive(Default)]
pub struct CloneArgs {
    pub flags: u64,
    pub pidfd: u64,
    pub child_tid: u64,
    pub parent_tid: u64,
    pub exit_signal: u64,
    pub stack: u64,
    pub stack_size: u64,
    pub tls: u64,
    pub set_tid: u64,
    pub set_tid_size: u64,
    pub cgroup: u64,
}

/// What a child does on a stack of its own.
pub type ChildMain = extern "C" fn(*mut c_void) -> !;

pub use processor::{clone3_call, system_call};

#[cfg(target_arch = "x86_64")]
mod processor {
    use super::{ChildMain, CloneArgs, c_void};

    /// Calls clone3; the child begins on its own stack and never comes back.
    ///
    /// # Safety
    /// `args` must name a valid stack, and `argument` must be what `main` expects.
    pub unsafe fn clone3_call(args: &CloneArgs, main: ChildMain, argument: *mut c_void) -> isize {
        let result: isize;
        // SAFETY: the child runs on a fresh stack, aligned to 16 by its mapping, reads only
        // registers that the kernel copied, and ends in `main`. The parent's registers are as the
        // system call leaves them.
        unsafe {
            core::arch::asm!(
                "syscall",
                "test rax, rax",
                "jnz 2f",
                "xor ebp, ebp",
                "mov rdi, r12",
                "call r13",
                "ud2",
                "2:",
                inlateout("rax") libc::SYS_clone3 as isize => result,
                in("rdi") std::ptr::from_ref(args),
                in("rsi") size_of::<CloneArgs>(),
                in("r12") argument,
                in("r13") main,
                lateout("rcx") _,
                lateout("r11") _,
            );
        }
        result
    }

    /// Calls the system, and returns what it answers: a negative error number if it refuses.
    ///
    /// # Safety
    /// The arguments must be what the call expects.
    pub unsafe fn system_call(number: isize, arguments: [usize; 5]) -> isize {
        let result: isize;
        let [first, second, third, fourth, fifth] = arguments;
        // SAFETY: the kernel changes these registers alone; the caller answers for the rest.
        unsafe {
            core::arch::asm!(
                "syscall",
                inlateout("rax") number => result,
                in("rdi") first,
                in("rsi") second,
                in("rdx") third,
                in("r10") fourth,
                in("r8") fifth,
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack),
            );
        }
        result
    }
}

#[cfg(target_arch = "aarch64")]
mod processor {
    use super::{ChildMain, CloneArgs, c_void};

    /// Calls clone3; the child begins on its own stack and never comes back.
    ///
    /// # Safety
    /// `args` must name a valid stack, and `argument` must be what `main` expects.
    pub unsafe fn clone3_call(args: &CloneArgs, main: ChildMain, argument: *mut c_void) -> isize {
        let result: isize;
        // SAFETY: as on x86_64.
        unsafe {
            core::arch::asm!(
                "svc #0",
                "cbnz x0, 2f",
                "mov x29, xzr",
                "mov x0, x20",
                "blr x21",
                "brk #1",
                "2:",
                inlateout("x0") std::ptr::from_ref(args) => result,
                in("x1") size_of::<CloneArgs>(),
                in("x8") libc::SYS_clone3,
                in("x20") argument,
                in("x21") main,
            );
        }
        result
    }

    /// Calls the system, and returns what it answers: a negative error number if it refuses.
    ///
    /// # Safety
    /// The arguments must be what the call expects.
    pub unsafe fn system_call(number: isize, arguments: [usize; 5]) -> isize {
        let result: isize;
        let [first, second, third, fourth, fifth] = arguments;
        // SAFETY: as on x86_64.
        unsafe {
            core::arch::asm!(
                "svc #0",
                inlateout("x0") first => result,
                in("x1") second,
                in("x2") third,
                in("x3") fourth,
                in("x4") fifth,
                in("x8") number,
                options(nostack),
            );
        }
        result
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod processor {
    use super::{ChildMain, CloneArgs, c_void};

    /// Says that clone3 is missing, so that `clone(2)` of the C library is used: the way onto
    /// another stack is written for two processors only.
    ///
    /// # Safety
    /// None is needed.
    pub unsafe fn clone3_call(_: &CloneArgs, _: ChildMain, _: *mut c_void) -> isize {
        -(libc::ENOSYS as isize)
    }

    /// Says that the call is missing: nothing gets here where clone3 is.
    ///
    /// # Safety
    /// None is needed.
    pub unsafe fn system_call(_: isize, _: [usize; 5]) -> isize {
        -(libc::ENOSYS as isize)
    }
}
