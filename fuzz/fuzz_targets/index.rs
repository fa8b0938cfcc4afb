#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (foster_fuzz::target("index").check)(data));
