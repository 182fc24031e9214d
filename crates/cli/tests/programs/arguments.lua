return function(...) print(select("#", ...), ...) end
