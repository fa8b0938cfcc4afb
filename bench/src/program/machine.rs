//! On what it was measured.

use std::fs::read_to_string;

/// Returns a few lines about this machine.
pub fn description() -> Vec<String> {
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|model| model.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).unwrap_or_default();
    let memory = memory.parse().unwrap_or(0_u64) >> 20;
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    vec![
        format!("processor: {}, {cores} cores", model.unwrap_or("unknown")),
        format!("memory: {memory} GiB"),
        format!("kernel: Linux {}", kernel.trim()),
    ]
}

/// Returns the day and how many wanted a processor in the last minute.
pub fn moment() -> String {
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!("load {load}")
}
