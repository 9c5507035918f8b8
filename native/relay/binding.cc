// What JavaScript sees of the core; src/site/l4/relay-addon.ts declares its types. Node-API only, so one binary serves every version of
// Node; no state outside of what is opened, so every thread may load it.
// Errors of the system are returned as negative errno, as libuv does.

#include <fcntl.h>
#include <napi.h>

#include <cerrno>
#include <memory>
#include <string>

#include "loop.h"

namespace relay {
namespace {

/** Of the beginning of a connection, in one read. */
constexpr size_t kBeginningSize = 16384;

using Info = const Napi::CallbackInfo&;

int32_t IntegerOf(Napi::Value value) { return value.As<Napi::Number>().Int32Value(); }

struct Octets {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

/** Of a Uint8Array, or none of null. */
Octets OctetsOf(Napi::Value value) {
  if (!value.IsTypedArray()) return {};
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

/** connect(passage, address, port, first | null, idleTimeoutMs, stallTimeoutMs). An address that is none fails like any other. */
void Connect(Relay* relay, Info info) {
  Name server;
  const std::string address = info[1].As<Napi::String>().Utf8Value();
  if (!ParseName(address.c_str(), static_cast<uint16_t>(IntegerOf(info[2])), &server)) server = Name();
  const Octets first = OctetsOf(info[3]);
  relay->Connect(IntegerOf(info[0]), server, first.data, first.size, info[4].As<Napi::Number>().DoubleValue(),
                 info[5].As<Napi::Number>().DoubleValue());
}

/** read(passage): octets; or 0, there are none yet; or -1, it has ended. */
Napi::Value Read(Relay* relay, Info info) {
  uint8_t octets[kBeginningSize];
  const ssize_t size = relay->Read(IntegerOf(info[0]), octets, sizeof octets);
  if (size <= 0) return Napi::Number::New(info.Env(), static_cast<double>(size));
  return Napi::Buffer<uint8_t>::Copy(info.Env(), octets, static_cast<size_t>(size));
}

/** localName(passage): 4 or 16 octets of an address, then two of the port; empty if the client is gone. */
Napi::Value LocalNameText(Relay* relay, Info info) {
  const Name name = relay->LocalNameOf(IntegerOf(info[0]));
  const size_t size = name.family == 0 ? 0 : name.family == 4 ? 4 : 16;
  uint8_t octets[18];
  std::copy(name.octets, name.octets + size, octets);
  octets[size] = static_cast<uint8_t>(name.port >> 8);
  octets[size + 1] = static_cast<uint8_t>(name.port & 0xff);
  return Napi::Buffer<uint8_t>::Copy(info.Env(), octets, size == 0 ? 0 : size + 2);
}

/** open(memory, turn): an object, or null. */
Napi::Value Open(Info info) {
  const Napi::Env env = info.Env();
  const auto loop = Loop::Open(env, info[0].As<Napi::ArrayBuffer>(), info[1].As<Napi::Function>());
  if (loop == nullptr) return env.Null();
  auto object = Napi::Object::New(env);
  const auto command = [&](const char* name, auto act) {
    object.Set(name, Napi::Function::New(env, [loop, act](Info call) -> Napi::Value {
      if (loop->relay() == nullptr) return call.Env().Undefined();
      return act(loop->relay(), call);
    }));
  };
  const auto order = [&](const char* name, auto act) {
    command(name, [act](Relay* relay, Info call) -> Napi::Value {
      act(relay, call);
      return call.Env().Undefined();
    });
  };
  command("listen", [](Relay* relay, Info call) { return Napi::Number::New(call.Env(), relay->Listen(IntegerOf(call[0]))); });
  order("stopListening", [](Relay* relay, Info) { relay->StopListening(); });
  order("connect", Connect);
  order("abandon", [](Relay* relay, Info call) { relay->Abandon(IntegerOf(call[0])); });
  order("finish", [](Relay* relay, Info call) {
    const Octets last = OctetsOf(call[1]);
    relay->Finish(IntegerOf(call[0]), last.data, last.size);
  });
  order("reset", [](Relay* relay, Info call) { relay->Reset(IntegerOf(call[0])); });
  order("look", [](Relay* relay, Info) { relay->Look(); });
  command("read", Read);
  command("localName", LocalNameText);
  object.Set("takeEvents", Napi::Function::New(env, [loop](Info call) -> Napi::Value {
    return Napi::Number::New(call.Env(), static_cast<double>(loop->TakeEvents()));
  }));
  object.Set("close", Napi::Function::New(env, [loop](Info) { loop->Close(); }));
  return object;
}

/** duplicate(fd): another descriptor of the same socket, closed on exec. */
Napi::Value Duplicate(Info info) {
  const int fd = fcntl(IntegerOf(info[0]), F_DUPFD_CLOEXEC, 0);
  return Napi::Number::New(info.Env(), fd < 0 ? -errno : fd);
}

Napi::Object Export(Napi::Env env, Napi::Object exports) {
  exports.Set("open", Napi::Function::New(env, Open));
  exports.Set("duplicate", Napi::Function::New(env, Duplicate));
  return exports;
}

}  // namespace
}  // namespace relay

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return relay::Export(env, exports); }
NODE_API_MODULE(relay, Init)
