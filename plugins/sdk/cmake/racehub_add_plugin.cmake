# racehub_add_plugin(name source...) makes the plugin <name>.so: a module that exports exactly one symbol.
# - Hidden visibility and a version script: nothing else of it can meet another plugin's or the hub's symbols.
# - -fno-gnu-unique: inline statics stay its own (otherwise the loader shares them between all libraries).
# - -z defs: a missing library is an error now, not at the track.
# Inside RaceHub it is built into <build>/plugins; elsewhere into the project's own build folder.
set(RACEHUB_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/racehub_plugin.map CACHE INTERNAL "Version script of every plugin")

function(racehub_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    target_link_libraries(${name} PRIVATE racehub::plugin_sdk)
    set_target_properties(${name} PROPERTIES
        PREFIX "" OUTPUT_NAME ${name} SUFFIX ".so"
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON
        LINK_DEPENDS ${RACEHUB_PLUGIN_MAP})
    if(RACEHUB_PLUGIN_OUTPUT_DIRECTORY)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${RACEHUB_PLUGIN_OUTPUT_DIRECTORY})
    endif()
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    target_link_options(${name} PRIVATE "LINKER:--version-script=${RACEHUB_PLUGIN_MAP}")
    # Clang leaves the sanitizers' own symbols open in a library; -z defs would refuse them.
    if(NOT (CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND "${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS}" MATCHES "-fsanitize="))
        target_link_options(${name} PRIVATE "LINKER:-z,defs")
    endif()
endfunction()
