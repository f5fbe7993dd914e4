export const find = {
  "find.ask": "Enter a file or folder name above.",
  "find.title": "Search: {q}",
  "find.empty": "No files match your search. Try fewer or different words.",
  "find.all": "All results for “{q}”",
  "find.results": "Results",
  "find.typeAll": "All",
  "find.typeFolder": "Folders",
  "find.typeFile": "Files",
  "find.typeImage": "Images",
  "find.typeDocument": "Documents",
  "find.typeAudio": "Audio",
  "find.typeVideo": "Videos",
} as const;
