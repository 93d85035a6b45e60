# find_package(racehub-plugin 1.0 REQUIRED) gives racehub::plugin_sdk and racehub_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/racehub-plugin-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/racehub_add_plugin.cmake)
