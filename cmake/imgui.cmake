# Dear ImGui from its pinned source tree (deploy/fetch_imgui.sh), and the dashboard's views on it. Used twice: natively for the tests
# of the views, and by the Emscripten build.

# The static library imgui.
function(racehub_add_imgui)
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
    # No backend of ImGui's: page/screen.js draws its lists, in fewer lines than the OpenGL emulation would bring along.
    add_library(imgui STATIC ${dir}/imgui.cpp ${dir}/imgui_draw.cpp ${dir}/imgui_tables.cpp ${dir}/imgui_widgets.cpp)
    target_include_directories(imgui SYSTEM PUBLIC ${dir})
    # Files, demo and debug windows cost a third of the size and are of no use to a race director.
    target_compile_definitions(imgui PUBLIC IMGUI_DISABLE_OBSOLETE_FUNCTIONS IMGUI_DISABLE_DEMO_WINDOWS
        IMGUI_DISABLE_DEBUG_TOOLS IMGUI_DISABLE_FILE_FUNCTIONS IMGUI_DISABLE_DEFAULT_SHELL_FUNCTIONS
        IMGUI_USE_WCHAR32)
    target_compile_options(imgui PRIVATE -w)
endfunction()

# racehub::webui_views, with the typefaces inside.
function(racehub_add_views)
    get_filename_component(root ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/.. ABSOLUTE)
    find_path(b612_dir B612-Regular.otf PATHS /usr/share/fonts/opentype/b612 /usr/share/fonts/truetype/b612
        NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
    if(NOT b612_dir)
        message(FATAL_ERROR "The dashboard's typeface B612 is missing (Debian package fonts-b612): run "
            "deploy/start.sh once, or configure with -DRACEHUB_WEBUI=OFF to build without the dashboard.")
    endif()
    find_program(python3 python3 PATHS /usr/bin NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
    set(fonts_cpp ${CMAKE_CURRENT_BINARY_DIR}/b612.cpp)
    add_custom_command(OUTPUT ${fonts_cpp}
        COMMAND ${python3} ${root}/webui/views/embed_fonts.py ${fonts_cpp}
            kB612Regular=${b612_dir}/B612-Regular.otf kB612Bold=${b612_dir}/B612-Bold.otf
        DEPENDS ${root}/webui/views/embed_fonts.py VERBATIM)
    file(GLOB views_sources CONFIGURE_DEPENDS ${root}/webui/views/*.cpp)
    racehub_library(webui_views SOURCES ${views_sources} ${fonts_cpp} LINK racehub::webui_model imgui)
endfunction()
