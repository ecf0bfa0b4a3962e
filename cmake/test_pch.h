// Precompiled for every test: what most of them include.
#pragma once
#include "asio_pch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
