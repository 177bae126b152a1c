#include "cli/bench/measure.h"

#include <algorithm>
#include <optional>

#include "core/process_memory.h"
#include "core/progress.h"

namespace aurea::cli::bench {
namespace {

/// The bar goes by what each piece of work costs at least on a machine of middling speed, so that the time left is
/// about right although a prompt takes seconds and a deep context minutes.
double guessed_seconds(const Floor& floor) { return floor.seconds({.memory_read_gb_per_s = 20, .int8_gops = 500}); }

/// A few steps of a workload: enough that all pages and buffers are there.
Workload warm_up_of(Workload work) {
  constexpr size_t kSteps = 4;
  work.generate = std::min(work.generate, kSteps);
  work.prompt = work.kind == Kind::kMixed ? std::min(work.prompt, kSteps * work.chunk) : work.prompt;
  return work;
}

/// One run of the command: what is to be done, and how far it is.
class Session {
 public:
  Session(Report& report, std::span<const std::unique_ptr<Subject>> subjects, size_t repetitions,
          const CancelToken& cancel, bool quiet)
      : report_(report),
        subjects_(subjects),
        cancel_(cancel),
        workloads_(subjects.size()),
        seconds_per_token_(subjects.size()) {
    double total = 0;
    for (Row& row : report.rows) {
      if (!row.left_out.empty()) continue;
      rows_.push_back(&row);
      workloads_[row.model].push_back(row.work);
      total += static_cast<double>(repetitions) * guessed_seconds(row.floor);
    }
    for (size_t i = 0; i < subjects.size(); ++i) {
      const size_t pass = subjects[i]->engine().batch_tokens();
      const Workload reading{.kind = Kind::kPrefill, .prompt = pass};
      seconds_per_token_[i] = guessed_seconds(floor_of(reading, subjects[i]->source(), kernels::KvType::kF16, pass)) /
                              static_cast<double>(pass);
      for (const auto& [depth, batch] : largest_batches(workloads_[i]))
        total += static_cast<double>(depth * batch) * seconds_per_token_[i];
    }
    bar_.emplace("bench", units(total), ProgressUnit::kItems, quiet);
  }

  /// Nothing of this is counted.
  void prepare() {
    for (size_t i = 0; i < subjects_.size(); ++i) {
      const std::string what = "filling the context" + of(i);
      subjects_[i]->fill(workloads_[i], cancel_,
                         [&](size_t tokens) { advance(static_cast<double>(tokens) * seconds_per_token_[i], what); });
      size_t longest_prompt = 0;
      for (const Workload& work : workloads_[i]) {
        if (work.kind == Kind::kPrefill) longest_prompt = std::max(longest_prompt, work.prompt);
      }
      for (const Workload& work : workloads_[i]) {
        if (work.kind == Kind::kPrefill && work.prompt < longest_prompt) continue;
        advance(0, "warming up" + of(i));
        subjects_[i]->run(warm_up_of(work), cancel_);
      }
    }
  }

  void run_all(LimitMeter& meter) {
    for (Row* row : rows_) {
      advance(0, row->work.name() + of(row->model));
      meter.measure();
      row->rates.push_back(subjects_[row->model]->run(row->work, cancel_));
      advance(guessed_seconds(row->floor), row->work.name() + of(row->model));
    }
  }

 private:
  static uint64_t units(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }

  void advance(double seconds, const std::string& what) {
    done_ += seconds;
    bar_->update(units(done_), what);
  }

  [[nodiscard]] std::string of(size_t model) const {
    if (subjects_.size() == 1) return "";
    return fmt::format(", {} {}", report_.models[model].label, report_.models[model].type);
  }

  Report& report_;
  std::span<const std::unique_ptr<Subject>> subjects_;
  const CancelToken& cancel_;
  std::vector<Row*> rows_;                        // those that run
  std::vector<std::vector<Workload>> workloads_;  // theirs, by model
  std::vector<double> seconds_per_token_;         // guessed, of reading, by model
  std::optional<Progress> bar_;
  double done_ = 0;
};

}  // namespace

void measure(Report& report, std::span<const std::unique_ptr<Subject>> subjects, size_t repetitions,
             const CancelToken& cancel, bool quiet) {
  Session session(report, subjects, repetitions, cancel, quiet);
  session.prepare();
  report.peak_rss_bytes = resident_memory().peak;  // before the limits, whose buffer is not the models'
  engine::Engine& engine = subjects.front()->engine();
  LimitMeter meter(engine.kernel_set(), engine.pool());
  for (size_t i = 0; i < repetitions; ++i) session.run_all(meter);
  constexpr int kLastPasses = 3;  // enough of them although there may have been a single run
  for (int i = 0; i < kLastPasses; ++i) meter.measure();
  report.limits = meter.best();
}

}  // namespace aurea::cli::bench
