use foster_model::State;
use foster_model::answer::{ConfigFileView, DoctorAnswer, DoctorCheck, DoctorRoot};
use foster_process::{Level, kernel_features, system_name};
use foster_store::Root;

use crate::context::Context;
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::showing::disk_use::disk_use;

/// Tells what this machine offers, by trying it, and how the root is. `config` is what the caller
/// knows of its configuration file, if it has one.
///
/// The outcome has an error where the root or the file can't be used: a script that asks wants to be told.
pub fn doctor(
    ctx: &Context,
    version: &str,
    config: Option<ConfigFileView>,
) -> Outcome<DoctorAnswer> {
    let probe = format!("foster-doctor-{}", std::process::id());
    let survey = Level::survey(&probe);
    let best = survey
        .iter()
        .find(|level| level.available && level.name != "pidns");
    let containment = best.map_or_else(String::new, |level| level.name.to_owned());
    let levels = survey.into_iter().map(|level| DoctorCheck {
        name: level.name.to_owned(),
        available: level.available,
        detail: level.detail,
    });
    let kernel: Vec<DoctorCheck> = kernel_features()
        .into_iter()
        .map(|feature| DoctorCheck {
            name: feature.name.to_owned(),
            available: feature.available,
            detail: feature.detail,
        })
        .collect();
    let root = examine_root(ctx);
    let required = |check: &&DoctorCheck| check.detail.contains("(required)");
    let well = root.problem.is_none() && config.as_ref().is_none_or(|file| file.problem.is_none());
    let healthy = well && kernel.iter().filter(required).all(|c| c.available);
    let file = config.as_ref().and_then(|file| file.problem.clone());
    let error = root.problem.clone().or(file);
    let answer = DoctorAnswer {
        version: version.to_owned(),
        system: system_name(),
        containment,
        levels: levels.collect(),
        kernel,
        root,
        config,
        healthy,
    };
    Outcome { answer, error }
}

fn examine_root(ctx: &Context) -> DoctorRoot {
    let path = ctx.absolute(&ctx.root);
    let mut report = DoctorRoot {
        path: path.to_string_lossy().into_owned(),
        problem: None,
        jobs: 0,
        running: 0,
        free_bytes: None,
        filesystem: None,
        disk: None,
    };
    // Looking makes nothing: a root that is not there yet is well, and is made by the first job.
    if !path.exists() {
        return report;
    }
    if let Err(error) = fill_in(&path, &mut report) {
        report.problem = Some(error.body());
    }
    report
}

fn fill_in(path: &std::path::Path, report: &mut DoctorRoot) -> Result<(), ServiceError> {
    let root = Root::open(path, false)?;
    report.path = root.path().to_string_lossy().into_owned();
    if let Ok(stat) = rustix::fs::statvfs(root.path()) {
        report.free_bytes = Some(stat.f_bavail * stat.f_frsize);
    }
    report.filesystem = filesystem_of(root.path());
    let disk = disk_use(&root);
    let disk = disk.map_err(ServiceError::io("the root can't be looked through"))?;
    let running = disk.states.get(State::Running.as_str());
    report.jobs = disk.states.values().sum();
    report.running = running.copied().unwrap_or(0);
    report.disk = Some(disk);
    Ok(())
}

/// Returns the type of the file system that a path lies on, as the longest mount point above it has
/// it. Systems without `/proc` don't tell.
pub(crate) fn filesystem_of(path: &std::path::Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let above = fields.filter(|(point, _)| path.starts_with(point));
    above
        .max_by_key(|(point, _)| point.len())
        .map(|(_, kind)| kind.to_owned())
}
