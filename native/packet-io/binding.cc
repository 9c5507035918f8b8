// What JavaScript sees of the core; src/transport/packet-io.ts declares its types. Node-API only, so one binary serves every
// version of Node; no state outside of what is opened, so every thread may load it.
// Errors of the system are returned as negative errno, as libuv does.

#include <napi.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "core/batch.h"
#include "core/open.h"
#include "port.h"

namespace packet_io {
namespace {

int32_t IntegerOf(const Napi::Object& options, const char* key) { return options.Get(key).As<Napi::Number>().Int32Value(); }

Sharing SharingOf(const Napi::Object& options) {
  const std::string text = options.Get("sharing").As<Napi::String>().Utf8Value();
  if (text == "first") return Sharing::kFirst;
  return text == "join" ? Sharing::kJoin : Sharing::kAlone;
}

/** layout(maxQuerySize, maxReplySize) */
Napi::Value DescribeLayout(const Napi::CallbackInfo& info) {
  const Layout layout = LayoutFor(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Uint32Value());
  auto object = Napi::Object::New(info.Env());
  object.Set("batchSize", kBatchSize);
  object.Set("querySizesAt", layout.query_sizes_at);
  object.Set("replySizesAt", layout.reply_sizes_at);
  object.Set("sendersAt", layout.senders_at);
  object.Set("senderStride", layout.sender_stride);
  object.Set("queriesAt", layout.queries_at);
  object.Set("queryStride", layout.query_stride);
  object.Set("repliesAt", layout.replies_at);
  object.Set("replyStride", layout.reply_stride);
  object.Set("totalSize", layout.total_size);
  return object;
}

/** openUdp({ address, port, sharing, fd, ... }, memory, receive, lose): the port, or a negative errno. */
Napi::Value OpenUdpPort(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto settings = info[0].As<Napi::Object>();
  auto memory = info[1].As<Napi::ArrayBuffer>();
  const auto max_query_size = static_cast<uint32_t>(IntegerOf(settings, "maxQuerySize"));
  const auto max_reply_size = static_cast<uint32_t>(IntegerOf(settings, "maxReplySize"));
  const Layout layout = LayoutFor(max_query_size, max_reply_size);
  if (memory.ByteLength() < layout.total_size) return Napi::Number::New(env, -EINVAL);

  UdpOptions options;
  options.sharing = SharingOf(settings);
  options.receive_buffer_size = IntegerOf(settings, "receiveBufferSize");
  options.send_buffer_size = IntegerOf(settings, "sendBufferSize");
  options.busy_poll_us = IntegerOf(settings, "busyPollUs");
  const std::string address = settings.Get("address").As<Napi::String>().Utf8Value();
  const bool sends_trains = settings.Get("sendsTrains").As<Napi::Boolean>().Value();
  const int adopted = IntegerOf(settings, "fd");
  const int fd = adopted >= 0 ? AdoptUdp(adopted, options)
                              : OpenUdp(address.c_str(), static_cast<uint16_t>(IntegerOf(settings, "port")), options);
  if (fd < 0) return Napi::Number::New(env, fd);
  LocalName name;
  const int status = GetLocalName(fd, &name);
  if (status < 0) {
    close(fd);
    return Napi::Number::New(env, status);
  }
  const Port::Callbacks callbacks{info[2].As<Napi::Function>(), info[3].As<Napi::Function>()};
  const auto port = Port::Open(env, fd, name, memory, layout, sends_trains, callbacks);
  if (port == nullptr) return Napi::Number::New(env, -EINVAL);

  auto object = Napi::Object::New(env);
  object.Set("port", name.port);
  object.Set("family", name.family == AF_INET6 ? 6 : 4);
  object.Set("isDualStack", name.is_dual_stack);
  object.Set("kernelDrops", Napi::Function::New(env, [port](const Napi::CallbackInfo& call) -> Napi::Value {
    return Napi::Number::New(call.Env(), port->KernelDrops());
  }));
  object.Set("close", Napi::Function::New(env, [port](const Napi::CallbackInfo&) { port->Close(); }));
  return object;
}

/** openTcp({ address, port, sharing, backlog }): a listening descriptor, or a negative errno. */
Napi::Value OpenTcpDescriptor(const Napi::CallbackInfo& info) {
  const auto settings = info[0].As<Napi::Object>();
  const std::string address = settings.Get("address").As<Napi::String>().Utf8Value();
  const int fd = OpenTcp(address.c_str(), static_cast<uint16_t>(IntegerOf(settings, "port")), SharingOf(settings),
                         IntegerOf(settings, "backlog"));
  return Napi::Number::New(info.Env(), fd);
}

/** duplicate(fd): another descriptor of the same socket, or a negative errno. */
Napi::Value DuplicateDescriptor(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Duplicate(info[0].As<Napi::Number>().Int32Value()));
}

/**
 * mapLargeBlocks(size): memory blocks of so many octets and more are mapped one by one from now on, so that each goes back to the
 * system when it is freed. glibc begins so too, but raises the limit to the size of whatever such block is freed (at most 32 MiB):
 * then blocks come out of heaps that shrink only from their ends. Of the whole process; nothing where malloc is another one.
 */
Napi::Value MapLargeBlocks(const Napi::CallbackInfo& info) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, info[0].As<Napi::Number>().Int32Value());
#endif
  return info.Env().Undefined();
}

Napi::Object Export(Napi::Env env, Napi::Object exports) {
  exports.Set("layout", Napi::Function::New(env, DescribeLayout));
  exports.Set("openUdp", Napi::Function::New(env, OpenUdpPort));
  exports.Set("openTcp", Napi::Function::New(env, OpenTcpDescriptor));
  exports.Set("duplicate", Napi::Function::New(env, DuplicateDescriptor));
  exports.Set("mapLargeBlocks", Napi::Function::New(env, MapLargeBlocks));
  return exports;
}

}  // namespace
}  // namespace packet_io

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return packet_io::Export(env, exports); }
NODE_API_MODULE(packet_io, Init)
