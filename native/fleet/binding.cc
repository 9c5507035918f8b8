// What JavaScript sees of the fleet aggregator; src/fleet/native.ts declares its types and checks the arguments. Node-API
// only, so one binary serves every version of Node.

#include <napi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "core/aggregator.h"
#include "core/numa.h"
#include "core/stream.h"
#include "engine.h"

namespace fleet {
namespace {

template <typename T>
const T* DataOf(const Napi::Object& object, const char* key) {
  return object.Get(key).As<Napi::TypedArrayOf<T>>().Data();
}

uint32_t NumberOf(const Napi::Object& object, const char* key) { return object.Get(key).As<Napi::Number>().Uint32Value(); }

Shape ShapeOf(const Napi::Object& object) {
  Shape shape;
  shape.targets = NumberOf(object, "targets");
  shape.probers = NumberOf(object, "probers");
  shape.sites = NumberOf(object, "sites");
  shape.regions = NumberOf(object, "regions");
  shape.rise = NumberOf(object, "rise");
  shape.fall = NumberOf(object, "fall");
  shape.is_guarded = object.Get("isGuarded").ToBoolean();
  shape.quorum_votes = NumberOf(object, "quorumVotes");
  shape.quorum_regions = NumberOf(object, "quorumRegions");
  shape.fresh_sec = NumberOf(object, "freshSec");
  shape.threads = NumberOf(object, "threads");
  const std::string schedule = object.Get("schedule").As<Napi::String>().Utf8Value();
  shape.schedule = schedule == "dynamic" ? Schedule::kDynamic : schedule == "guided" ? Schedule::kGuided : Schedule::kStatic;
  shape.wants_numa = object.Get("numa").ToBoolean();
  return shape;
}

/** An ArrayBuffer over memory of the aggregator, which lives as long as the buffer does. */
template <typename T>
Napi::Value View(Napi::Env env, const std::shared_ptr<Aggregator>& owner, const T* data, size_t count) {
  auto* hold = new std::shared_ptr<Aggregator>(owner);
  const auto let_go = [](Napi::Env, void*, std::shared_ptr<Aggregator>* held) { delete held; };
  auto buffer = Napi::ArrayBuffer::New(env, const_cast<T*>(data), count * sizeof(T), let_go, hold);
  return Napi::TypedArrayOf<T>::New(env, count, buffer, 0);
}

/** One pass under way: what it needs kept alive, and whom to tell. */
struct Job {
  Job(Napi::Env env, const Napi::Object& batch_object, const Napi::Object& kernel)
      : deferred(Napi::Promise::Deferred::New(env)), input(Napi::Persistent(batch_object)), owner(Napi::Persistent(kernel)) {}
  Napi::Promise::Deferred deferred;
  Napi::ObjectReference input;
  Napi::ObjectReference owner;
  Batch batch{};
  uint32_t now_sec = 0;
  PassResult result{};
};

class Kernel : public Napi::ObjectWrap<Kernel> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Kernel",
                       {InstanceMethod<&Kernel::Columns>("columns"), InstanceMethod<&Kernel::Pass>("pass"),
                        InstanceMethod<&Kernel::Close>("close")});
  }

  /** new Kernel(shape): memory is touched by the threads that will own it before this returns. */
  explicit Kernel(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Kernel>(info) {
    const auto object = info[0].As<Napi::Object>();
    const Shape shape = ShapeOf(object);
    const auto* site_of_target = DataOf<uint16_t>(object, "siteOfTarget");
    const auto* region_of_prober = DataOf<uint8_t>(object, "regionOfProber");
    bool is_ready = false;
    engine_.Post([&] {
      try {
        aggregator_ = std::make_shared<Aggregator>(shape, site_of_target, region_of_prober);
      } catch (const std::bad_alloc&) {
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      is_ready = true;
      readies_.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex_);
    readies_.wait(lock, [&] { return is_ready; });
    if (aggregator_ == nullptr) {
      Napi::Error::New(info.Env(), "not enough memory").ThrowAsJavaScriptException();
      return;
    }
    const auto nothing = Napi::Function::New(info.Env(), [](const Napi::CallbackInfo&) {});
    done_ = Napi::ThreadSafeFunction::New(info.Env(), nothing, "fleet", 0, 1);
    done_.Unref(info.Env());
    is_open_ = true;
  }

  ~Kernel() override { engine_.Stop(); }

 private:
  /** State, changes and tallies as typed arrays; to be read between passes only. */
  Napi::Value Columns(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const fleet::Columns& columns = aggregator_->columns();
    const size_t pairs = aggregator_->pairs();
    const size_t targets = aggregator_->targets();
    auto object = Napi::Object::New(env);
    object.Set("opinion", View(env, aggregator_, columns.opinion, pairs));
    object.Set("streak", View(env, aggregator_, columns.streak, pairs));
    object.Set("penalty", View(env, aggregator_, columns.penalty, pairs));
    object.Set("anchorSec", View(env, aggregator_, columns.anchor_sec, pairs));
    object.Set("lastSec", View(env, aggregator_, columns.last_sec, pairs));
    object.Set("ewma", View(env, aggregator_, columns.ewma, pairs));
    object.Set("verdict", View(env, aggregator_, columns.verdict, targets));
    object.Set("changed", View(env, aggregator_, aggregator_->changed(), targets));
    object.Set("tallies", View(env, aggregator_, aggregator_->tallies(), aggregator_->tally_count()));
    return object;
  }

  /** pass(batch, nowSec): a promise of [bad row or -1, number of changes]. One at a time. */
  Napi::Value Pass(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto object = info[0].As<Napi::Object>();
    auto* job = new Job(env, object, info.This().As<Napi::Object>());
    const Napi::Promise promise = job->deferred.Promise();
    job->batch = {NumberOf(object, "count"),        DataOf<uint32_t>(object, "target"),    DataOf<uint16_t>(object, "prober"),
                  DataOf<uint8_t>(object, "what"),  DataOf<uint32_t>(object, "latencyUs"), DataOf<uint32_t>(object, "atSec")};
    job->now_sec = info[1].As<Napi::Number>().Uint32Value();
    done_.Ref(env);
    engine_.Post([this, job] {
      bool has_memory = true;
      try {
        job->result = aggregator_->Pass(job->batch, job->now_sec);
      } catch (const std::bad_alloc&) {
        has_memory = false;
      }
      done_.BlockingCall(job, [this, has_memory](Napi::Env on, Napi::Function, Job* finished) {
        if (static_cast<napi_env>(on) != nullptr) Finish(on, finished, has_memory);
        delete finished;
      });
    });
    return promise;
  }

  void Finish(Napi::Env env, Job* job, bool has_memory) {
    done_.Unref(env);
    if (!has_memory) {
      job->deferred.Reject(Napi::Error::New(env, "not enough memory").Value());
      return;
    }
    const bool is_bad = job->result.bad_row < job->batch.count;
    auto found = Napi::Array::New(env, 2);
    found.Set(0u, is_bad ? static_cast<double>(job->result.bad_row) : -1.0);
    found.Set(1u, job->result.changed);
    job->deferred.Resolve(found);
  }

  /** Ends the thread; views of the memory stay valid. */
  void Close(const Napi::CallbackInfo&) {
    if (!is_open_) return;
    is_open_ = false;
    engine_.Stop();
    done_.Release();
  }

  std::mutex mutex_;
  std::condition_variable readies_;
  std::shared_ptr<Aggregator> aggregator_;
  Napi::ThreadSafeFunction done_;
  bool is_open_ = false;
  Engine engine_;
};

/** useHugePages(array): asks for huge pages below memory that nothing has written yet; what lies beside it is left alone. */
void UseHugePages(const Napi::CallbackInfo& info) {
  const auto array = info[0].As<Napi::TypedArrayOf<uint8_t>>();
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<uintptr_t>(array.Data());
  const uintptr_t begin = (at + page - 1) / page * page;
  const uintptr_t end = (at + array.ByteLength()) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

/** copyOctetsPerSec(octets, threads, rounds) */
Napi::Value CopySpeed(const Napi::CallbackInfo& info) {
  const auto octets = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  const uint32_t threads = info[1].As<Napi::Number>().Uint32Value();
  return Napi::Number::New(info.Env(), CopyOctetsPerSec(octets, threads, info[2].As<Napi::Number>().Uint32Value()));
}

}  // namespace
}  // namespace fleet

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Kernel", fleet::Kernel::Define(env));
  exports.Set("useHugePages", Napi::Function::New(env, fleet::UseHugePages));
  exports.Set("copyOctetsPerSec", Napi::Function::New(env, fleet::CopySpeed));
  exports.Set("numaNodes", Napi::Number::New(env, fleet::NumaNodes()));
  return exports;
}

NODE_API_MODULE(fleet, Init)
