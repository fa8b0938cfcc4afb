use foster_model::answer::{DiskUse, DoctorAnswer, DoctorCheck};

use super::words::bytes;
use super::{Paint, Style, Text, config, hint, line, plain};

impl Text for DoctorAnswer {
    fn text(&self, style: Style, out: &mut String) {
        line!(out, "foster {} on {}", self.version, plain(&self.system));
        line!(out, "\nContainment (auto chooses {}):", self.containment);
        checks(&self.levels, out);
        line!(out, "\nKernel:");
        checks(&self.kernel, out);
        let root = &self.root;
        line!(out, "\nRoot: {}", plain(&root.path));
        line!(out, "  {} jobs, {} running", root.jobs, root.running);
        let filesystem = root
            .filesystem
            .as_deref()
            .unwrap_or("a file system of unknown type");
        let free = root
            .free_bytes
            .map_or("free space unknown".to_owned(), |free| {
                format!("{} free", bytes(free))
            });
        line!(out, "  {filesystem}, {free}");
        if let Some(disk) = &root.disk {
            disk_use(disk, out);
        }
        if let Some(problem) = &root.problem {
            line!(out, "  problem: {}", plain(&problem.message));
            hint(Paint::new(style.colors.out), problem.hint.as_deref(), out);
        }
        if let Some(file) = &self.config {
            config::file(style, file, out);
        }
        let verdict = if self.healthy {
            "All is well."
        } else {
            "Not all is well."
        };
        line!(out, "\n{verdict}");
    }
}

fn disk_use(disk: &DiskUse, out: &mut String) {
    let at_least = if disk.complete { "" } else { "at least " };
    line!(out, "  {at_least}{} in job folders", bytes(disk.bytes));
    let states: Vec<_> = disk
        .states
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    if !states.is_empty() {
        line!(out, "  {}", states.join(", "));
    }
    for job in &disk.biggest {
        line!(
            out,
            "  {} ({}): {}",
            job.job_id,
            job.state,
            bytes(job.bytes)
        );
    }
    if disk.drafts + disk.gone > 0 {
        let (drafts, gone) = (disk.drafts, disk.gone);
        line!(out, "  {drafts} folders half made, {gone} half removed");
    }
}

fn checks(checks: &[DoctorCheck], out: &mut String) {
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    for check in checks {
        let mark = if check.available { "yes" } else { "no " };
        line!(
            out,
            "  {mark}  {:<width$}  {}",
            check.name,
            plain(&check.detail)
        );
    }
}
