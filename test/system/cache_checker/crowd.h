// Updates one row over and over, so that the writes of others share its transactions. Nobody looks at that row but at
// the end.
//
// Concurrency  one thread each
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "http_client.h"
#include "scene.h"

constexpr int kCrowd = 16;

class Crowd {
 public:
  // The row's id is -1 - `number`.
  Crowd(Scene& scene, Findings& findings, int number)
      : scene_(scene), findings_(findings), path_("things?id=eq." + std::to_string(-1 - number)), client_(scene.port) {}

  void Run() {
    for (int64_t version = 1; !scene_.done; ++version) {
      client_.Ask("PATCH", path_, scene_.writer_fields, "{\"ver\": " + std::to_string(version) + "}");
      ++findings_.writes;
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

 private:
  Scene& scene_;
  Findings& findings_;
  const std::string path_;
  Client client_;
};
