// SPDX-License-Identifier: MIT
// The pictures that show what a model does. Each says by itself what is seen, in which unit.
// Values that are not finite are left out and mentioned, never drawn.
#pragma once
#include <string>
#include <vector>

#include "canvas.hpp"
#include "nutshell/shape.hpp"

namespace nutshell::tools {

/// Originals over reconstructions over the signed error, one sample a column; or both a float
/// model's and its int8 model's reconstructions over their difference. Samples that are no gray or
/// RGB images are drawn as curves.
struct ReconstructionSheet {
    std::string title;
    Shape shape{1, 1, 1};
    std::vector<float> originals;        // [count][shape.size()], images in 0..1
    std::vector<float> reconstructions;  // the same size
    std::vector<int> labels;             // [count], or empty
    std::vector<float> int8;             // the int8 model's reconstructions, or empty
};
/// Throws Error when the arrays do not fit the shape and each other.
Picture reconstruction_sheet(ReconstructionSheet sheet);

/// Images that were found for others.
struct NeighbourSheet {
    std::string title, explanation;
    Shape shape{1, 1, 1};
    int neighbours = 0;         // of a query
    std::vector<float> images;  // [queries][1 + neighbours][shape.size()], the query first
    std::vector<int> labels;    // one an image, or empty
};
/// Throws Error when the arrays do not fit each other.
Picture neighbour_sheet(NeighbourSheet sheet);

/// A sample as an image; values in 0..1.
Pixels pixels_of(const float* values, Shape shape);

/// How many points a pixel of a sample takes: whole halves, so that all PNG pixels are equal.
float points_per_pixel(Shape shape);

/// Rows of images, all drawn at one size.
struct ImageGrid {
    struct Line {
        std::string name;
        Shape shape{1, 1, 1};
        std::vector<float> images;  // [count][shape.size()], in 0..1
    };
    std::string title, explanation;
    std::vector<Line> lines;
};
/// Throws Error when a line's values do not fit its shape.
Picture image_grid(ImageGrid grid);

/// Scores of normal and of anomalous samples, over the logarithm of the score.
struct ScoreHistogram {
    std::string title;
    std::vector<float> normal;
    std::vector<float> anomalous;  // or empty
    float threshold = 0;
};
Picture score_histogram(ScoreHistogram histogram);

/// What every threshold would detect, and at which price.
struct RocCurve {
    std::string title;
    std::vector<double> false_alarms;  // ascending from 0 to 1
    std::vector<double> detections;    // the same
    double area = 0;                   // under the curve
    double chosen_false_alarms = 0, chosen_detections = 0;
};
Picture roc_curve(RocCurve curve);

/// Images side by side, with a name in front of the row and a smaller line below it; both may be
/// empty.
struct ImageRow {
    std::string name, more;
    std::vector<float> images;  // [count][shape.size()], in 0..1
};
struct ImageRows {
    std::string title, explanation;
    Shape shape{1, 1, 1};  // of 1 or 3 channels
    std::vector<ImageRow> rows;
};
/// Throws Error when a row is no whole number of images.
Picture image_rows(ImageRows rows);

/// Loss after each epoch.
struct LossCurve {
    std::string title;
    std::string loss_name;      // title of the y axis, e.g. "binary cross-entropy per pixel"
    std::vector<double> train;  // one value an epoch
    std::vector<double> test;   // the same, or empty
    std::string test_name = "test";
    int first_epoch = 1;  // the epoch of the first value
};
Picture loss_curve(LossCurve curve);

/// Codes brought to two dimensions, coloured by label.
struct CodeMap {
    std::string title;
    std::vector<float> points;               // [count][2]
    std::vector<int> labels;                 // [count], or empty
    std::vector<double> explained_variance;  // of the two axes, as parts of 1; or empty
};
/// Throws Error when labels and points differ in number.
Picture code_map(CodeMap map);

/// How the errors of single samples are distributed.
struct ErrorHistogram {
    std::string title;
    std::vector<float> errors;  // one a sample
    std::string unit;           // title of the x axis, e.g. "mean squared error per pixel"
};
Picture error_histogram(ErrorHistogram histogram);

/// Speed as a part of the peak, over sizes.
struct SpeedCurves {
    struct Curve {
        std::string name;
        std::vector<double> parts;       // of the peak, 0..1, one a size
        int marked_size = 0;             // where a ring stands; 0: nowhere
        std::vector<std::string> notes;  // beside the chart, below the name
    };
    std::string title, explanation;
    std::string size_name;   // title of the x axis
    std::vector<int> sizes;  // ascending, at least two, from 1 on
    std::vector<Curve> curves;
};
Picture speed_curves(SpeedCurves chart);

}  // namespace nutshell::tools
