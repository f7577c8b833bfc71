Console.Error.WriteLine("cudasearch: commands arrive with the engine");
return 1;
