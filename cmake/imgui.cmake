# Dear ImGui from its pinned source tree (deploy/fetch_imgui.sh), as the static library imgui. Used twice: natively for the tests of
# the views, and by the Emscripten build, which adds the WebGL backend with OPENGL.
function(racehub_add_imgui)
    cmake_parse_arguments(ARG "OPENGL" "" "" ${ARGN})
    get_filename_component(root ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/.. ABSOLUTE)
    if(DEFINED ENV{RACEHUB_CACHE})
        set(dir $ENV{RACEHUB_CACHE}/imgui-1.90.1)
    else()
        set(dir ${root}/.cache/imgui-1.90.1)
    endif()
    if(NOT EXISTS ${dir}/imgui.cpp)
        message(FATAL_ERROR "The source of Dear ImGui is not in ${dir}: run deploy/fetch_imgui.sh, "
            "or configure with -DRACEHUB_WEBUI=OFF to build without the dashboard.")
    endif()
    set(sources ${dir}/imgui.cpp ${dir}/imgui_draw.cpp ${dir}/imgui_tables.cpp ${dir}/imgui_widgets.cpp)
    if(ARG_OPENGL)
        list(APPEND sources ${dir}/backends/imgui_impl_opengl3.cpp)
    endif()
    add_library(imgui STATIC ${sources})
    target_include_directories(imgui SYSTEM PUBLIC ${dir} ${dir}/backends)
    # Files, demo and debug windows cost a third of the size and are of no use to a race director.
    target_compile_definitions(imgui PUBLIC IMGUI_DISABLE_OBSOLETE_FUNCTIONS IMGUI_DISABLE_DEMO_WINDOWS
        IMGUI_DISABLE_DEBUG_TOOLS IMGUI_DISABLE_FILE_FUNCTIONS IMGUI_DISABLE_DEFAULT_SHELL_FUNCTIONS
        IMGUI_USE_WCHAR32 IMGUI_IMPL_OPENGL_ES3)
    target_compile_options(imgui PRIVATE -w)
endfunction()
