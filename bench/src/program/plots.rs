//! Cost against work, as pictures.

use std::path::Path;

use plotters::prelude::*;

use crate::Error;
use crate::results::{Plot, Results};

const SIZE: (u32, u32) = (800, 480);
/// Each has its colour in all of the pictures.
const COLORS: [(&str, RGBColor); 9] = [
    ("foster", RGBColor(200, 30, 50)),
    ("foster list", RGBColor(200, 30, 50)),
    ("foster status", RGBColor(120, 20, 90)),
    ("task-spooler", RGBColor(30, 130, 60)),
    ("nq", RGBColor(20, 150, 170)),
    ("agent-exec", RGBColor(40, 80, 190)),
    ("pueue", RGBColor(225, 120, 20)),
    ("| cat > file", RGBColor(150, 150, 150)),
    ("> file", RGBColor(60, 60, 60)),
];

/// Draws all plots into a folder.
pub fn draw(results: &Results, folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder)?;
    for (name, plot) in &results.plots {
        let path = folder.join(format!("{name}.svg"));
        one(plot, &path).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Both axes are logarithmic: what is flat is level, and what grows with the work is a diagonal.
fn one(plot: &Plot, path: &Path) -> Result<(), String> {
    let shown = |error: &dyn std::error::Error| error.to_string();
    let points = || plot.lines.iter().flat_map(|line| line.points.iter());
    let (left, right) = ends(points().map(|point| point.0));
    let (low, high) = ends(points().map(|point| point.1));
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| shown(&error))?;
    let mut chart = ChartBuilder::on(&area)
        .caption(&plot.title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d(
            (left..right * 1.1).log_scale(),
            (decade(low, f64::floor)..decade(high, f64::ceil)).log_scale(),
        )
        .map_err(|error| shown(&error))?;
    chart
        .configure_mesh()
        .x_desc(&plot.across)
        .y_desc(&plot.up)
        .light_line_style(WHITE)
        .x_label_formatter(&|value| number(*value))
        .y_label_formatter(&|value| number(*value))
        .draw()
        .map_err(|error| shown(&error))?;
    for line in &plot.lines {
        let style =
            color(&line.who).stroke_width(if line.who.starts_with("foster") { 3 } else { 1 });
        let drawn = LineSeries::new(line.points.iter().copied(), style).point_size(3);
        chart
            .draw_series(drawn)
            .map_err(|error| shown(&error))?
            .label(&line.who)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(|error| shown(&error))?;
    area.present().map_err(|error| shown(&error))
}

fn color(who: &str) -> RGBColor {
    let known = COLORS.iter().find(|(name, _)| *name == who);
    known.map_or(BLACK, |(_, color)| *color)
}

/// Whole powers of ten, each of which gets a label.
fn decade(value: f64, round: fn(f64) -> f64) -> f64 {
    10_f64.powf(round(value.log10()))
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let first = (f64::INFINITY, f64::MIN_POSITIVE);
    values.fold(first, |(least, most), value| {
        (least.min(value), most.max(value))
    })
}

fn number(value: f64) -> String {
    if value < 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}
