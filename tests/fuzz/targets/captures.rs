//! Feeds the entry point `captures`.
#![no_main]

#[path = "../entries.rs"]
#[allow(dead_code, reason = "each target has one of the entry points")]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::captures(bytes));
